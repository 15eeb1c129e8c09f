// What follows from each code, for every caller. Decisions about codes belong here and nowhere else.
import type { FailureCode } from "./failure.ts";
import type { ProblemCode } from "./problem.ts";

/** What a caller is to do about a code. */
export interface Policy {
  /** 2: the request or the configuration is wrong. 1: everything else. */
  readonly exitCode: 1 | 2;
  /** The very same request may succeed later without anybody mending anything. */
  readonly retryable: boolean;
  /**
   * For a caller that waits for a go or a stop. `come_back`: it has not failed, and is asked for again. `leave`: another
   * invocation of the same event answers.
   */
  readonly whileBusy: "stop" | "come_back" | "leave";
  /** https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_FailureDetails.html */
  readonly jobFailure: "JobFailed" | "ConfigurationError" | "PermissionError" | "SystemUnavailable";
}

const MEND_REQUEST: Policy = {
  exitCode: 2,
  retryable: false,
  whileBusy: "stop",
  jobFailure: "ConfigurationError",
};
const MEND_DATABASE: Policy = { exitCode: 1, retryable: false, whileBusy: "stop", jobFailure: "JobFailed" };
const MEND_RIGHTS: Policy = { exitCode: 1, retryable: false, whileBusy: "stop", jobFailure: "PermissionError" };
const TRY_AGAIN: Policy = { exitCode: 1, retryable: true, whileBusy: "stop", jobFailure: "SystemUnavailable" };

/** A code without a row here does not compile. */
export const POLICY = {
  INVALID_ARGUMENT: MEND_REQUEST,
  INVALID_EVENT: MEND_REQUEST,
  INVALID_SETTING: MEND_REQUEST,
  INVALID_MIGRATION: MEND_REQUEST,
  NOT_AVAILABLE: MEND_REQUEST,
  CHECKSUM_CHANGED: MEND_DATABASE,
  MIGRATION_MISSING: MEND_DATABASE,
  OUT_OF_ORDER: MEND_DATABASE,
  MIGRATION_WAITS: MEND_DATABASE,
  ROLLBACK_UNFINISHED: MEND_DATABASE,
  MIGRATION_UNFINISHED: MEND_DATABASE,
  IRREVERSIBLE: MEND_DATABASE,
  DOWN_MISSING: MEND_DATABASE,
  NOT_ENOUGH_BATCHES: MEND_REQUEST,
  DATA_LOSS: MEND_DATABASE,
  DATA_LOSS_UNSEEN: MEND_DATABASE,
  NOTHING_TO_RESOLVE: MEND_REQUEST,
  NOT_OURS: MEND_REQUEST,
  FILE_IGNORED: MEND_DATABASE,
  DATABASE_AHEAD: MEND_DATABASE,
  SERVER_NEWER_THAN_TESTED: MEND_DATABASE,
  TLS_UNVERIFIED: MEND_DATABASE,
  RUN_IN_PROGRESS: MEND_DATABASE,
  SCHEMA_DRIFTED: MEND_DATABASE,
  HAZARD: MEND_DATABASE,
  DATABASE_UNREACHABLE: TRY_AGAIN,
  AUTHENTICATION_FAILED: MEND_RIGHTS,
  SECRET_NOT_FOUND: MEND_REQUEST,
  SECRET_ACCESS_DENIED: MEND_RIGHTS,
  SECRET_UNAVAILABLE: TRY_AGAIN,
  AWS_CREDENTIALS_UNUSABLE: MEND_REQUEST,
  DATABASE_MISSING: MEND_DATABASE,
  DATABASE_NOT_READY: TRY_AGAIN,
  TLS_FAILED: MEND_DATABASE,
  SERVER_TOO_OLD: MEND_DATABASE,
  DATABASE_READ_ONLY: MEND_DATABASE,
  SCHEMA_MISSING: MEND_DATABASE,
  PERMISSION_DENIED: MEND_RIGHTS,
  JOURNAL_UNUSABLE: MEND_DATABASE,
  LOCK_NOT_ACQUIRED: { ...TRY_AGAIN, whileBusy: "come_back" },
  ALREADY_RUNNING: { ...TRY_AGAIN, whileBusy: "leave" },
  LOCK_LOST: TRY_AGAIN,
  POOLER_DETECTED: MEND_DATABASE,
  STATEMENT_FAILED: MEND_DATABASE,
  LOCK_TIMEOUT: TRY_AGAIN,
  TIMED_OUT: MEND_DATABASE,
  TRANSACTION_ENDED: MEND_DATABASE,
  INDEX_INVALID: MEND_DATABASE,
  SCHEMA_MISMATCH: MEND_DATABASE,
  CANNOT_RESUME: MEND_DATABASE,
  CONNECTION_LOST: TRY_AGAIN,
  CANCELLED: TRY_AGAIN,
  DEADLINE_TOO_SHORT: MEND_REQUEST,
  NO_REPORT_IN_TIME: TRY_AGAIN,
  ANSWER_LOST: MEND_RIGHTS,
  INTERNAL_ERROR: MEND_DATABASE,
} as const satisfies Readonly<Record<ProblemCode | FailureCode, Policy>>;
