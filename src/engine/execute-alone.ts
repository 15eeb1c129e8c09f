// Sends one statement that PostgreSQL refuses inside a transaction: alone, noted in the journal
// before. What it leaves when it does not get through is for the files of its kind to look at.
import type { IndexBuild } from "../failure/failure.ts";
import type { Statement } from "../migration/manifest.ts";
import { type Budget, graceOf, lockTimeoutMs } from "./budget.ts";
import { describeHolder } from "./describe-sight.ts";
import { explainStep, type StepOutcome } from "./explain-step.ts";
import { NOT_SENT, sendWithin } from "./interrupt.ts";
import { beginStatement } from "./journal-statements.ts";
import { isServerError, type Reply, type Row, send } from "./message.ts";
import { detachedName } from "./open-session.ts";
import { literal } from "./quote.ts";
import type { Run } from "./run-context.ts";
import { runInProgress } from "./run-in-progress.ts";
import type { Step } from "./step.ts";
import { errorOffset } from "./transaction.ts";

/** Where a script that is not transactional has come to. */
export interface Position {
  readonly step: Step;
  readonly statement: Statement;
  /** Index of the statement. */
  readonly index: number;
  readonly entryId: string;
  /** True when an earlier run began this very statement: then what is found of it may be its own. */
  readonly wasBegun: boolean;
}

/**
 * Its effect is there, proven where it can be, and is to be recorded; with a last statement in the same transaction where
 * that is what was left to do.
 */
export interface Ran {
  readonly kind: "ran";
  readonly last: string | null;
}

/** For a statement that is through. */
export const RAN: Ran = { kind: "ran", last: null };

interface Execution {
  /** Replaces the statement itself by one that prepares it. */
  readonly sql?: string;
  /** False leaves no note that the statement was begun, because what is there is not its own. */
  readonly isBegun: boolean;
  /** True lets the server go on alone when the deadline comes: under the whole time-out, and whether it has a client or not. */
  readonly detach?: boolean;
  /** Counted from 1, for what makes others wait behind it: then it has a lock_timeout. Absent, it waits as long as it may. */
  readonly attempt?: number;
}

/** Null when it is through. A note that it was begun stays, also when it failed. */
export async function execute(
  run: Run,
  position: Position,
  budget: Budget,
  { sql: instead, isBegun, detach = false, attempt }: Execution = { isBegun: true },
): Promise<StepOutcome | null> {
  const { step, statement } = position;
  const { script, version } = step;
  const leftMs = Math.max(1, Math.round(budget.endsAt - performance.now()));
  const name = literal(detach ? detachedName(run.session, version) : `${run.session.applicationName} ${version}`);
  // Most wait without holding anybody up, and a lock time-out in the later phases of a build leaves an invalid index.
  // The settings last until the record is written, which resets the session.
  const settings = [
    `set statement_timeout = ${(detach ? budget.timeoutMs : leftMs) + graceOf(run.reserveMs)}`,
    `set application_name = ${name}`,
    `set lock_timeout = ${attempt === undefined ? 0 : lockTimeoutMs(attempt)}`,
    // A server that looks for its client ends the build when the client is gone.
    ...(detach ? ["set client_connection_check_interval = 0"] : []),
  ].join("; ");
  const note = isBegun ? `; ${beginStatement(run.target, position.entryId, position.index + 1)}` : "";
  const prepared = await send(run.session.connection, `${settings}${note}`);
  if (prepared.error !== null) return explainRead(position, prepared.error, budget);
  const sql = instead ?? script.sql.slice(statement.start, statement.end);
  const { reply, interruption, blockers, build } = await sendWithin(
    run,
    version,
    sql,
    budget,
    detach ? "leave" : "cancel",
  );
  if (reply.error === null) return null;
  if (detach && interruption === "deadline" && !isServerError(reply.error)) return leftToServer(run, version, build);
  await send(run.session.connection, "set statement_timeout = 0");
  if (reply.error === NOT_SENT) await forget(run, position);
  const offset = instead === undefined ? offsetIn(reply, sql, statement.start) : null;
  const isOverdue = performance.now() >= budget.endsAt;
  const { error } = reply;
  return explainStep({
    step,
    statement,
    offset,
    error,
    interruption,
    attempts: attempt ?? 1,
    blockers,
    budget,
    isOverdue,
  });
}

function leftToServer({ session }: Run, version: string, build: IndexBuild | null): StepOutcome {
  const { backendPid: pid } = session.facts;
  const holder = { pid, application: detachedName(session, version), build };
  const warning = runInProgress(describeHolder({ ...holder, connectedAt: null, state: null, stateSince: null }));
  return { kind: "out_of_time", attempts: 1, hasProgressed: true, failure: null, leavesEntry: true, warning };
}

/** Takes the note back: of what is found from now on, nothing is the statement's own. */
export async function forget({ session, target }: Run, { entryId }: Position): Promise<void> {
  await send(session.connection, beginStatement(target, entryId, 0));
}

/** Reads the catalog. What could not be read is no state: then the step ends as the error says. */
export async function read<T extends object | string>(
  run: Run,
  position: Position,
  budget: Budget,
  sql: string,
  decode: (rows: readonly Row[] | undefined) => T,
): Promise<{ readonly found: T } | StepOutcome> {
  const { completed, error } = await send(run.session.connection, sql);
  return error === null ? { found: decode(completed[0]) } : explainRead(position, error, budget);
}

function explainRead({ step, statement }: Position, error: Error, budget: Budget): StepOutcome {
  const quiet = { offset: null, interruption: null, attempts: 1, blockers: [], isOverdue: false } as const;
  return explainStep({ step, statement, error, budget, ...quiet });
}

function offsetIn({ error }: Reply, sql: string, start: number): number | null {
  if (!isServerError(error)) return null;
  const offset = errorOffset({ headLength: 0 }, sql, error);
  return offset === null ? null : start + offset;
}
