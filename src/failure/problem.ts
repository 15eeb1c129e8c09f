// Why something is refused before anything is done. Values only: whoever finds one decides nothing about it.

/** Every reason to refuse. What follows from each is decided in policy.ts. */
export type ProblemCode =
  | "INVALID_ARGUMENT"
  | "INVALID_EVENT"
  | "INVALID_SETTING"
  | "INVALID_MIGRATION"
  | "NOT_AVAILABLE"
  | "CHECKSUM_CHANGED"
  | "MIGRATION_MISSING"
  | "OUT_OF_ORDER"
  | "MIGRATION_WAITS"
  | "ROLLBACK_UNFINISHED"
  | "MIGRATION_UNFINISHED"
  | "IRREVERSIBLE"
  | "DOWN_MISSING"
  | "NOT_ENOUGH_BATCHES"
  | "DATA_LOSS"
  | "DATA_LOSS_UNSEEN"
  | "NOTHING_TO_RESOLVE"
  | "NOT_OURS"
  | "FILE_IGNORED"
  | "DATABASE_AHEAD"
  | "SERVER_NEWER_THAN_TESTED"
  | "TLS_UNVERIFIED"
  | "RUN_IN_PROGRESS"
  | "SCHEMA_DRIFTED"
  | "HAZARD";

/**
 * One thing that is wrong, in a sentence that says what was found and what was expected.
 *
 * Pure functions return all of them at once, because who has to mend them wants the whole list. The same shape
 * serves as a warning, where the command only reads.
 */
export interface Problem {
  readonly code: ProblemCode;
  readonly message: string;
  /** The way out, as a sentence; absent where the message already says it. */
  readonly hint?: string;
  /** A field of the event, or the name of a setting. */
  readonly field?: string;
  /** A migration file, relative to its directory. */
  readonly file?: string;
  /** 1-based, in `file`. */
  readonly line?: number;
  /** 1-based, in code points, in `line`. */
  readonly column?: number;
  /** The migration it is about. */
  readonly version?: string;
}

/** What a pure function returns instead of its value: everything that is wrong, never empty. */
export interface Refusal {
  readonly problems: readonly Problem[];
}
