// Says what became of a migration that did not get through: pure, from what came back and when.

import { formatDuration } from "../duration.ts";
import { type Blocker, type Failure, MigrationError } from "../failure/failure.ts";
import type { Problem } from "../failure/problem.ts";
import type { Statement } from "../migration/manifest.ts";
import type { Budget, Interruption } from "./budget.ts";
import { describeBlocker } from "./describe-sight.ts";
import { NOT_SENT } from "./interrupt.ts";
import { isServerError, type ServerError, sqlStateOf } from "./message.ts";
import { placeOf } from "./place.ts";
import type { Step } from "./step.ts";
import type { Timing } from "./timing.ts";

/** What a step came to. `out_of_time` is the invocation's deadline, not the migration's time-out. */
export type StepOutcome =
  | ({ readonly kind: "done"; readonly attempts: number } & Timing)
  | ({ readonly kind: "failed" | "in_doubt"; readonly failure: Failure; readonly cause: unknown } & Unfinished)
  | ({
      readonly kind: "out_of_time";
      /** Some of its statements are done and recorded, or the server goes on with one. */
      readonly hasProgressed: boolean;
      /** What kept it, where that is known. */
      readonly failure: Failure | null;
      readonly warning: Problem | null;
    } & Unfinished)
  /** Stopped before it began. */
  | { readonly kind: "not_begun"; readonly attempts: 0 };

interface Unfinished {
  readonly attempts: number;
  /** An entry that is not finished stays in the journal, and the next run takes it up. */
  readonly leavesEntry: boolean;
}

/** What was sent, as far as it can be blamed. */
export interface Suspect {
  readonly step: Step;
  /** The statement that the server was at; its start is where the error is told when the server gave no position. */
  readonly statement: Statement | undefined;
  /** In the script, in UTF-16 code units; null when the server gave none. */
  readonly offset: number | null;
  readonly error: Error;
  readonly interruption: Interruption | null;
  readonly attempts: number;
  /** Who was last seen to keep the statement waiting. */
  readonly blockers: readonly Blocker[];
  readonly budget: Budget;
  /** Whether the time-out had passed when the error came: the server's own time-out may be first. */
  readonly isOverdue: boolean;
}

/** Never says that something was rolled back or kept; that follows from the script and is the report's to tell. */
export function explainStep(suspect: Suspect): StepOutcome {
  const { error, interruption, attempts, budget } = suspect;
  const { version } = suspect.step;
  const sqlState = sqlStateOf(error);
  if (error === NOT_SENT) return { kind: "not_begun", attempts: 0 };
  if (!isServerError(error)) {
    const failure = connectionLost(version, sqlState);
    return { kind: "in_doubt", failure, cause: error, attempts, leavesEntry: false };
  }
  const fail = (failure: Failure) => failed(failure, error, attempts);
  const isBusy = sqlState === "55P03" || sqlState === "40P01";
  // What the server found by itself before our cancel came is what has to be told.
  const isCancelled = sqlState === "57014";
  if (interruption === "abort" && (isCancelled || isBusy)) return fail(cancelled(version));
  const isLate = isCancelled && (interruption !== null || suspect.isOverdue);
  if ((isLate || isBusy) && budget.reason === "deadline")
    return outOfTime(attempts, isBusy ? lockTimeout(suspect, error) : null);
  if (isBusy) return fail(lockTimeout(suspect, error));
  return fail(isLate ? timedOut(suspect) : statementFailed(suspect, error));
}

/** For a migration that was not begun, or was stopped between two statements. */
export function cancelled(version: string | null): Failure {
  return {
    code: "CANCELLED",
    message: "stopped on request",
    hint: "What was applied stays applied. Run again to go on.",
    details: { version },
  };
}

/** For the tests in the transaction's own frame: the lock, the journal, the transaction itself. */
export function frameFailure(failure: Failure, cause: unknown, attempts: number): StepOutcome {
  return failed(failure, new MigrationError(failure, { cause }), attempts);
}

/** A step that failed and left nothing behind, unless whoever knows better says so. */
export function failed(failure: Failure, cause: unknown, attempts: number): StepOutcome {
  return { kind: "failed", failure, cause, attempts, leavesEntry: false };
}

/** A step that the invocation's deadline cut, and that left nothing behind. */
export function outOfTime(attempts: number, failure: Failure | null = null): StepOutcome {
  return { kind: "out_of_time", attempts, hasProgressed: false, failure, leavesEntry: false, warning: null };
}

function statementFailed(suspect: Suspect, error: ServerError): Failure {
  return {
    code: "STATEMENT_FAILED",
    message: withoutValues(error),
    hint: error.code === UNSAFE_NEW_ENUM_VALUE ? NEW_ENUM_VALUE : fixAndRepeat(suspect.step),
    details: { ...place(suspect), sqlState: error.code },
  };
}

/** https://www.postgresql.org/docs/current/sql-altertype.html: a new value cannot be used before it is committed. */
const UNSAFE_NEW_ENUM_VALUE = "55P04";
const NEW_ENUM_VALUE =
  "Add the value in a migration of its own, before this one, or say -- hj:transaction off; then run hj migrations run again.";

function fixAndRepeat({ version, direction }: Step): string {
  if (direction === "up") return `Fix ${version} and run hj migrations run again.`;
  return `The down script is the one stored when ${version} was applied. Mend what is in its way and roll back again, or leave the schema.`;
}

function lockTimeout(suspect: Suspect, error: ServerError): Failure {
  const tries = suspect.attempts === 1 ? "one attempt" : `${suspect.attempts} attempts`;
  return {
    code: "LOCK_TIMEOUT",
    message: `a lock was not free within ${formatDuration(suspect.budget.timeoutMs)} and ${tries}: ${withoutValues(error)}${waitingFor(suspect)}`,
    hint:
      suspect.blockers.length === 0
        ? "Find the session that keeps the lock (pg_blocking_pids, long transactions), let it end, and run again."
        : "Let that session end, or end it (select pg_terminate_backend(PID)), and run again.",
    details: { ...place(suspect), sqlState: error.code, attempts: suspect.attempts, blockers: suspect.blockers },
  };
}

function timedOut(suspect: Suspect): Failure {
  const { timeoutMs } = suspect.budget;
  return {
    code: "TIMED_OUT",
    message: `did not finish within its time-out of ${formatDuration(timeoutMs)} and was cancelled${waitingFor(suspect)}`,
    hint: "Give it more time (--timeout, or -- hj:timeout in the file), or make it do less at once.",
    details: { ...place(suspect), timeoutMs, blockers: suspect.blockers },
  };
}

/** Whoever waits for the first of several waits for all of them. */
function waitingFor({ blockers }: Suspect): string {
  const [first, ...others] = blockers;
  if (first === undefined) return "";
  return `; it waited for ${describeBlocker(first)}${others.length === 0 ? "" : ` and ${others.length} more`}`;
}

function connectionLost(version: string, sqlState: string | null): Failure {
  return {
    code: "CONNECTION_LOST",
    message: `the connection was lost while ${version} ran${sqlState === null ? "" : ` (${sqlState})`}`,
    hint: "Whether it was applied is not known here. hj migrations status says; run again to go on.",
    details: { version, sqlState },
  };
}

function place({ step, statement, offset }: Suspect) {
  return placeOf(step.script, step.version, statement?.start ?? 0, offset);
}

/** Data exceptions (class 22) quote the value that did not fit: https://www.postgresql.org/docs/current/errcodes-appendix.html */
function withoutValues(error: ServerError): string {
  return error.code.startsWith("22") ? error.message.replace(/["«»„“”][\s\S]*["«»„“”]/, '"***"') : error.message;
}
