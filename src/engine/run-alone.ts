// Runs a statement that PostgreSQL refuses inside a transaction: alone, without lock_timeout, and taken up again after
// an interruption by looking at what it left.
import type { Failure } from "../failure/failure.ts";
import type { ObjectName, Statement } from "../migration/manifest.ts";
import type { Budget } from "./budget.ts";
import { explainStep, failed, type StepOutcome } from "./explain-step.ts";
import {
  decodeIndexState,
  dropIndexStatement,
  existingIndexesStatement,
  type IndexState,
  indexStateStatement,
} from "./index-build.ts";
import { NOT_SENT, sendWithin } from "./interrupt.ts";
import { beginStatement } from "./journal-statements.ts";
import { removeLeftover } from "./leftover.ts";
import { isServerError, type Reply, send } from "./message.ts";
import { literal } from "./quote.ts";
import type { Run } from "./run-context.ts";
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

/** Null when its effect is there, proven where it can be; else what the step came to. */
export async function runAlone(run: Run, position: Position, budget: Budget): Promise<StepOutcome | null> {
  const { statement } = position;
  switch (statement.kind) {
    case "create_index_concurrently":
      return buildIndex(run, position, statement, budget);
    case "drop_index_concurrently": {
      if (position.wasBegun) {
        const reply = await send(run.session.connection, existingIndexesStatement(statement.indexes));
        if (reply.error === null && reply.completed[0]?.length === 0) return null;
      }
      return execute(run, position, budget);
    }
    case "alone":
      if (position.wasBegun && !statement.repeatable) return failed(cannotResume(position), null, 1);
      return execute(run, position, budget);
    case "ordinary":
      return execute(run, position, budget);
  }
}

/**
 * An interrupted build leaves an invalid index, which `if not exists` takes for a good one. Only what this very
 * statement left is removed or believed: an index that was there before it began is somebody else's.
 */
async function buildIndex(
  run: Run,
  position: Position,
  { index, table }: { readonly index: ObjectName; readonly table: ObjectName },
  budget: Budget,
): Promise<StepOutcome | null> {
  const found = await stateOf(run, position, index, table, budget);
  if (typeof found !== "string") return found;
  if (position.wasBegun && found === "valid") return null;
  if (position.wasBegun && found === "invalid") {
    const removed = await execute(run, position, budget, { sql: dropIndexStatement(index), isBegun: true });
    if (removed !== null) return removed;
  }
  const isOurs = position.wasBegun || found === "absent";
  const outcome = await execute(run, position, budget, { isBegun: isOurs });
  if (outcome !== null) return isOurs ? removeLeftover(run, position.entryId, { index, table }, outcome) : outcome;
  const proven = await stateOf(run, position, index, table, budget);
  if (typeof proven !== "string") return proven;
  return proven === "valid" ? null : failed(indexInvalid(position, index, proven), null, 1);
}

/** What could not be read is no state: then the step ends as the error says. */
async function stateOf(
  run: Run,
  { step, statement }: Position,
  index: ObjectName,
  table: ObjectName,
  budget: Budget,
): Promise<IndexState | StepOutcome> {
  const { completed, error } = await send(run.session.connection, indexStateStatement(index, table));
  if (error === null) return decodeIndexState(completed[0]);
  return explainStep({ step, statement, offset: null, error, ...ONE_ATTEMPT, budget, isOverdue: false });
}

interface Execution {
  /** Replaces the statement itself by one that prepares it. */
  readonly sql?: string;
  /** False leaves no note that the statement was begun, because what is there is not its own. */
  readonly isBegun: boolean;
}

async function execute(
  run: Run,
  position: Position,
  budget: Budget,
  { sql: instead, isBegun }: Execution = { isBegun: true },
): Promise<StepOutcome | null> {
  const { step, statement } = position;
  const { script, version } = step;
  const leftMs = Math.max(1, Math.round(budget.endsAt - performance.now()));
  const name = literal(`${run.session.applicationName} ${version}`);
  // lock_timeout stays 0: such a statement waits without holding anybody up, and a lock time-out in its later phases
  // leaves an invalid index. The settings last until the record is written, which resets the session.
  const settings = `set statement_timeout = ${leftMs + 1_000}; set application_name = ${name}`;
  const note = isBegun ? `; ${beginStatement(run.target, position.entryId, position.index + 1)}` : "";
  const prepared = await send(run.session.connection, `${settings}${note}`);
  if (prepared.error !== null) {
    return explainStep({
      step,
      statement,
      offset: null,
      error: prepared.error,
      ...ONE_ATTEMPT,
      budget,
      isOverdue: false,
    });
  }
  const sql = instead ?? script.sql.slice(statement.start, statement.end);
  const { reply, interruption, blockers } = await sendWithin(run, version, sql, budget);
  if (reply.error === null) return null;
  await send(run.session.connection, "reset statement_timeout");
  const hasLeftNothing = reply.error === NOT_SENT || (statement.kind === "alone" && isRefusal(reply.error));
  if (hasLeftNothing) await send(run.session.connection, beginStatement(run.target, position.entryId, 0));
  const offset = instead === undefined ? offsetIn(reply, sql, statement.start) : null;
  const isOverdue = performance.now() >= budget.endsAt;
  const { error } = reply;
  return explainStep({ step, statement, offset, error, interruption, attempts: 1, blockers, budget, isOverdue });
}

/** An error that the server found by itself: a statement that runs alone took no effect, and may be tried again. */
function isRefusal(error: Error): boolean {
  return isServerError(error) && error.code !== "57014";
}

function offsetIn({ error }: Reply, sql: string, start: number): number | null {
  if (!isServerError(error)) return null;
  const offset = errorOffset({ headLength: 0 }, sql, error);
  return offset === null ? null : start + offset;
}

const ONE_ATTEMPT = { interruption: null, attempts: 1, blockers: [] } as const;

function indexInvalid({ step }: Position, index: ObjectName, state: IndexState): Failure {
  const { version, script } = step;
  return {
    code: "INDEX_INVALID",
    message: `the index ${index.name} is ${state === "other_table" ? "on another table" : state} after its build`,
    hint: `Look at it with \\d ${index.name}. When it is not needed as it is, drop it (drop index concurrently) and run again.`,
    details: { version, file: script.file, index: index.name },
  };
}

function cannotResume({ step, index, statement }: Position): Failure {
  const { version, script } = step;
  const what = statement.kind === "alone" ? statement.command : statement.kind;
  return {
    code: "CANNOT_RESUME",
    message: `an earlier run was interrupted at statement ${index + 1} of ${script.file} (${what}); whether it took effect cannot be read from the catalog`,
    hint: `Look whether it did, and say so with hj migrations resolve ${version} --as applied, or --as rolled_back.`,
    details: { version, file: script.file, statementNumber: index + 1 },
  };
}
