// Why a run stopped: the closed list of codes, the facts that go with each, and the one error class that carries them.

/** The backend that holds the run lock, as far as the role may see it. */
export interface LockHolder {
  readonly pid: number;
  /** Of a run of ours: its id's first eight digits, the number of its invocation, and the migration it is at. */
  readonly application: string | null;
  /** ISO 8601, from the database's clock: when that session connected. */
  readonly connectedAt: string | null;
  /** As pg_stat_activity has it, `active` while a statement runs; null where the role may not see it. */
  readonly state: string | null;
  /** ISO 8601: since when it is in that state. */
  readonly stateSince: string | null;
  /** Null where it builds no index. */
  readonly build: IndexBuild | null;
}

/** How far an index build is: https://www.postgresql.org/docs/current/progress-reporting.html#CREATE-INDEX-PROGRESS-REPORTING */
export interface IndexBuild {
  readonly phase: string;
  /** Of the present phase; null where PostgreSQL counts nothing in it. */
  readonly percent: number | null;
}

/** A session that keeps another one waiting. What the role may not see of it is null. */
export interface Blocker {
  readonly pid: number;
  readonly application: string | null;
  readonly state: string | null;
  /** ISO 8601, from the database's clock: when its transaction began. */
  readonly since: string | null;
  /** The locks that it holds on what is waited for. */
  readonly mode: string | null;
  readonly relation: string | null;
  /** Somebody else has to end first. */
  readonly isBlocked: boolean;
  /** An autovacuum that does not give way to anybody. */
  readonly preventsWraparound: boolean;
  /** At most 200 characters of what it last ran; only where it was asked for. */
  readonly query?: string;
}

/** Where in a migration file a statement failed. */
export interface StatementPlace {
  readonly version: string;
  readonly file: string;
  /** 1-based. The statement's first line when PostgreSQL gave no position. */
  readonly line: number;
  /** 1-based, in code points; null when PostgreSQL gave no position. */
  readonly column: number | null;
  /** That line, at most 200 characters of it, string literals masked character by character. */
  readonly statement: string;
  /** Index into `statement` of the character the column means; null like `column`. */
  readonly caret: number | null;
}

/** A version of a secret whose password the server did not take. */
export interface SecretVersionTried {
  readonly versionId: string;
  /** The label that it had: AWSCURRENT or AWSPENDING. */
  readonly stage: string;
  /** ISO 8601; null when AWS did not say. */
  readonly createdAt: string | null;
}

/** Everything a run can fail with, and the facts a reader needs for each. */
export interface FailureDetails {
  readonly DATABASE_UNREACHABLE: { readonly host: string; readonly port: number; readonly reason: string };
  readonly AUTHENTICATION_FAILED: {
    readonly user: string;
    readonly sqlState: string;
    /** What of a secret was tried, in this order; absent where the password came from elsewhere. */
    readonly secretVersions?: readonly SecretVersionTried[];
  };
  readonly SECRET_NOT_FOUND: { readonly secretId: string; readonly reason: string };
  readonly SECRET_ACCESS_DENIED: { readonly secretId: string; readonly reason: string };
  readonly SECRET_UNAVAILABLE: { readonly secretId: string; readonly reason: string };
  readonly AWS_CREDENTIALS_UNUSABLE: { readonly reason: string };
  readonly DATABASE_MISSING: { readonly database: string };
  readonly DATABASE_NOT_READY: { readonly sqlState: string };
  readonly TLS_FAILED: { readonly host: string; readonly reason: string };
  readonly SERVER_TOO_OLD: { readonly serverVersion: string; readonly minimum: string };
  readonly DATABASE_READ_ONLY: { readonly host: string };
  readonly SCHEMA_MISSING: { readonly schema: string };
  readonly PERMISSION_DENIED: { readonly role: string; readonly privilege: string; readonly object: string };
  readonly JOURNAL_UNUSABLE: { readonly table: string; readonly sqlState: string };
  readonly LOCK_NOT_ACQUIRED: { readonly waitedMs: number; readonly holder: LockHolder | null };
  readonly ALREADY_RUNNING: { readonly holder: LockHolder | null };
  readonly LOCK_LOST: { readonly version: string | null };
  readonly POOLER_DETECTED: { readonly evidence: string };
  readonly STATEMENT_FAILED: StatementPlace & { readonly sqlState: string };
  readonly LOCK_TIMEOUT: StatementPlace & {
    readonly sqlState: string;
    readonly attempts: number;
    /** Who was last seen to keep the lock. */
    readonly blockers: readonly Blocker[];
  };
  readonly TIMED_OUT: StatementPlace & {
    readonly timeoutMs: number;
    /** Who was last seen to keep it waiting; empty when it worked. */
    readonly blockers: readonly Blocker[];
  };
  readonly TRANSACTION_ENDED: { readonly version: string; readonly file: string };
  readonly SCHEMA_MISMATCH: { readonly differences: number };
  readonly INDEX_INVALID: { readonly version: string; readonly file: string; readonly index: string };
  readonly CANNOT_RESUME: { readonly version: string; readonly file: string; readonly statementNumber: number };
  readonly CONNECTION_LOST: { readonly version: string | null; readonly sqlState: string | null };
  readonly DEADLINE_TOO_SHORT: { readonly version: string; readonly availableMs: number };
  readonly CANCELLED: { readonly version: string | null };
  readonly NO_REPORT_IN_TIME: Record<string, never>;
  readonly ANSWER_LOST: { readonly to: string; readonly reason: string };
  readonly INTERNAL_ERROR: { readonly name: string };
}

export type FailureCode = keyof FailureDetails;

/** What a report says about why it failed. `hint` is what the reader does next. */
export type Failure = {
  [Code in FailureCode]: {
    readonly code: Code;
    readonly message: string;
    readonly hint: string;
    readonly details: FailureDetails[Code];
  };
}[FailureCode];

/**
 * The only error class of this project. Callers look at `failure.code`, never at the message; `cause` keeps what
 * the driver or the network said and stays out of reports, because it may hold row contents or a password.
 */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.message, options);
    this.failure = failure;
  }
}
