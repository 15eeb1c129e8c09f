// Runs a statement that PostgreSQL refuses inside a transaction: alone, without lock_timeout, and taken up again after
// an interruption by looking at what it left.
import type { Failure } from "../failure/failure.ts";
import type { ObjectName, Statement } from "../migration/manifest.ts";
import type { Budget } from "./budget.ts";
import { explainStep, type StepOutcome } from "./explain-step.ts";
import {
  decodeIndexState,
  dropIndexStatement,
  existingIndexesStatement,
  type IndexState,
  indexStateStatement,
} from "./index-build.ts";
import { sendWithin } from "./interrupt.ts";
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
  /** True when an earlier run may have begun this very statement. */
  readonly isResumed: boolean;
}

/** Null when its effect is there, proven where it can be; else what the step came to. */
export async function runAlone(run: Run, position: Position, budget: Budget): Promise<StepOutcome | null> {
  const { statement } = position;
  switch (statement.kind) {
    case "create_index_concurrently":
      return buildIndex(run, position, statement, budget);
    case "drop_index_concurrently": {
      if (position.isResumed) {
        const reply = await send(run.session.connection, existingIndexesStatement(statement.indexes));
        if (reply.error === null && reply.completed[0]?.length === 0) return null;
      }
      return execute(run, position, budget);
    }
    case "alone":
      if (position.isResumed && !statement.repeatable) return failed(cannotResume(position));
      return execute(run, position, budget);
    case "ordinary":
      return execute(run, position, budget);
  }
}

/**
 * An interrupted build leaves an invalid index, which `if not exists` takes for a good one. Only a leftover of an
 * earlier attempt at this very statement is removed; any other index of that name is somebody else's.
 */
async function buildIndex(
  run: Run,
  position: Position,
  { index, table }: { readonly index: ObjectName; readonly table: ObjectName },
  budget: Budget,
): Promise<StepOutcome | null> {
  if (position.isResumed) {
    const found = await stateOf(run, index, table);
    if (found === "valid") return null;
    if (found === "invalid") {
      const removed = await execute(run, position, budget, dropIndexStatement(index));
      if (removed !== null) return removed;
    }
  }
  const outcome = await execute(run, position, budget);
  if (outcome !== null) return outcome;
  const proven = await stateOf(run, index, table);
  return proven === "valid" ? null : failed(indexInvalid(position, index, proven));
}

async function stateOf(run: Run, index: ObjectName, table: ObjectName): Promise<IndexState> {
  return decodeIndexState((await send(run.session.connection, indexStateStatement(index, table))).completed[0]);
}

/** `instead` replaces the statement itself by one that prepares it. */
async function execute(run: Run, position: Position, budget: Budget, instead?: string): Promise<StepOutcome | null> {
  const { step, statement } = position;
  const { script, version } = step;
  const leftMs = Math.max(1, Math.round(budget.endsAt - performance.now()));
  const name = literal(`${run.session.applicationName} ${version}`);
  // lock_timeout stays 0: such a statement waits without holding anybody up, and a lock time-out in its later phases
  // leaves an invalid index. The settings last until the record is written, which resets the session.
  await send(run.session.connection, `set statement_timeout = ${leftMs + 1_000}; set application_name = ${name}`);
  const sql = instead ?? script.sql.slice(statement.start, statement.end);
  const { reply, interruption } = await sendWithin(run, sql, budget);
  if (reply.error === null) return null;
  await send(run.session.connection, "reset statement_timeout");
  const offset = instead === undefined ? offsetIn(reply, sql, statement.start) : null;
  const isOverdue = performance.now() >= budget.endsAt;
  const { error } = reply;
  return explainStep({ step, statement, offset, error, interruption, attempts: 1, budget, isOverdue });
}

function offsetIn({ error }: Reply, sql: string, start: number): number | null {
  if (!isServerError(error)) return null;
  const offset = errorOffset({ headLength: 0 }, sql, error);
  return offset === null ? null : start + offset;
}

function failed(failure: Failure): StepOutcome {
  return { kind: "failed", failure, cause: null, attempts: 1 };
}

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
    hint: `Look whether it did, and say so with hj migrations resolve ${version}.`,
    details: { version, file: script.file, statementNumber: index + 1 },
  };
}
