// What a migration will do to a database that is in use, as data: the build foresees it from its statements, the plan
// refuses by it, and a dry run holds it against the live tables.

import type { ObjectName } from "./manifest.ts";

/** As pg_locks names them: https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES */
export type LockMode =
  | "AccessShareLock"
  | "RowShareLock"
  | "RowExclusiveLock"
  | "ShareUpdateExclusiveLock"
  | "ShareLock"
  | "ShareRowExclusiveLock"
  | "ExclusiveLock"
  | "AccessExclusiveLock";

/** What is done to every row of a table while its lock is held: the table written anew, read, or an index built of it. */
export type Work = "rewrite" | "scan" | "build";

/** A lock on a table that was there before the migration. */
export interface TableLock {
  readonly table: ObjectName;
  readonly mode: LockMode;
  /** Null where it takes no longer on a large table than on a small one. */
  readonly work: Work | null;
}

/** One statement that may hurt those who use the database meanwhile. */
export interface Hazard {
  /** The id of a rule: docs/hazards.md. */
  readonly rule: string;
  /** An error that is not allowed keeps a migration from being applied. */
  readonly level: "error" | "warning";
  /** What it is about, as a waiver has to name it: `session`, `session.token`. */
  readonly object: string;
  readonly message: string;
  /** 1-based, of the statement in its file. */
  readonly line: number;
  /** 1-based, in code points. */
  readonly column: number;
  /** The reason from `-- hj:allow`; null when nobody has allowed it. */
  readonly allowed: string | null;
}

/** What is foreseen of an up script; `locks` has one list for each of its statements. */
export interface Foreseen {
  readonly hazards: readonly Hazard[];
  readonly locks: readonly (readonly TableLock[])[];
}

/** A waiver: one rule, for one object, and why. */
export interface Waiver {
  readonly rule: string;
  readonly object: string;
  readonly reason: string;
  /** 1-based, of the directive. */
  readonly line: number;
}

/** From the weakest to the strongest. */
const LOCK_MODES: readonly LockMode[] = [
  "AccessShareLock",
  "RowShareLock",
  "RowExclusiveLock",
  "ShareUpdateExclusiveLock",
  "ShareLock",
  "ShareRowExclusiveLock",
  "ExclusiveLock",
  "AccessExclusiveLock",
];

/** True where the first of two locks keeps more out. */
export function isStronger(mode: LockMode, than: LockMode): boolean {
  return LOCK_MODES.indexOf(mode) > LOCK_MODES.indexOf(than);
}

/** True for a lock that reads and writes of an application do not take: somebody may have to wait for it. */
export function isNoticed({ mode }: TableLock): boolean {
  return isStronger(mode, "RowExclusiveLock");
}
