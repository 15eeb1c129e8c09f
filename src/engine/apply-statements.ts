// Applies a migration that is not one transaction: statement by statement, each recorded when done, so that a run
// that died is continued behind what it did.
import type { Migration, Statement } from "../migration/manifest.ts";
import { attempt } from "./attempt.ts";
import type { Budget } from "./budget.ts";
import { explainAttempt } from "./explain-attempt.ts";
import { cancelled, type StepOutcome } from "./explain-step.ts";
import { type EntryAuthor, insertStatement, recordStatement } from "./journal-statements.ts";
import { lockKey, ownershipStatement } from "./lock.ts";
import type { Step } from "./plan.ts";
import { literal } from "./quote.ts";
import { type Position, runAlone } from "./run-alone.ts";
import type { Run } from "./run-context.ts";
import { resetStatements } from "./session.ts";

/** Applies what is left of the script. A failure says how many statements are done; they stay done. */
export async function applyStatements(run: Run, step: Step, author: EntryAuthor, budget: Budget): Promise<StepOutcome> {
  const { migration, resumes } = step;
  const { statements } = migration.up;
  const first = resumes?.statementsDone ?? 0;
  const opened = resumes === null ? await openEntry(run, migration, author, budget) : { entryId: resumes.id };
  if ("kind" in opened) return opened;
  let attempts = 1;
  let entry: Entry = { appliedAt: null, durationMs: null };
  for (let index = first; index < statements.length; index++) {
    const statement = statements[index] as Statement;
    run.context.onProgress({
      kind: "statement_started",
      version: migration.version,
      number: index + 1,
      of: statements.length,
    });
    const position = { migration, statement, index, isResumed: resumes !== null && index === first };
    const outcome = await oneStatement(run, position, opened.entryId, budget);
    if (outcome.kind !== "applied") return withProgress(outcome, index, statements.length);
    attempts = Math.max(attempts, outcome.attempts);
    entry = outcome;
  }
  return { kind: "applied", ...entry, attempts };
}

interface Entry {
  readonly appliedAt: string | null;
  readonly durationMs: number | null;
}

async function oneStatement(run: Run, position: Position, entryId: string, budget: Budget): Promise<StepOutcome> {
  const { migration, statement } = position;
  if (run.context.signal.aborted) {
    return { kind: "failed", failure: cancelled(migration.version), cause: null, attempts: 1 };
  }
  if (statement.kind === "ordinary") return recorded(run, position, entryId, true, budget);
  const failed = await runAlone(run, position, budget);
  return failed ?? recorded(run, position, entryId, false, budget);
}

/** Runs an ordinary statement and its record as one transaction, or only writes the record. */
async function recorded(
  run: Run,
  position: Position,
  entryId: string,
  withStatement: boolean,
  budget: Budget,
): Promise<StepOutcome> {
  const { migration, statement, index } = position;
  const { up: script, version } = migration;
  const done = index + 1;
  const reset = resetStatements(run.target, run.session.applicationName);
  const parts = {
    head: frameHead(run, version),
    body: withStatement ? script.sql.slice(statement.start, statement.end) : "",
    tail: [...reset, recordStatement(run.target, entryId, done, done === script.statements.length)],
  };
  const attempted = await attempt(run, version, parts, budget);
  if (attempted.reply.error !== null) {
    const body = { script, statements: withStatement ? [statement] : [], start: statement.start };
    return explainAttempt(run, migration, body, attempted, budget);
  }
  const row = attempted.reply.completed.at(-2)?.[0];
  const durationMs = row?.["duration_ms"] == null ? null : Number(row["duration_ms"]);
  return { kind: "applied", appliedAt: row?.["finished_at"] ?? null, durationMs, attempts: attempted.attempts };
}

async function openEntry(
  run: Run,
  migration: Migration,
  author: EntryAuthor,
  budget: Budget,
): Promise<{ entryId: string } | StepOutcome> {
  const parts = {
    head: [...frameHead(run, migration.version), insertStatement(run.target, author, migration)],
    body: "",
    tail: [],
  };
  const attempted = await attempt(run, migration.version, parts, budget);
  const { reply, transaction } = attempted;
  if (reply.error === null) return { entryId: reply.completed[transaction.headStatements - 1]?.[0]?.["id"] ?? "" };
  return explainAttempt(run, migration, { script: migration.up, statements: [], start: 0 }, attempted, budget);
}

function frameHead({ target, session }: Run, version: string): readonly string[] {
  return [
    `select set_config('application_name', ${literal(`${session.applicationName} ${version}`)}, true)`,
    ownershipStatement(lockKey(target.schema, target.journal)),
  ];
}

function withProgress(outcome: StepOutcome, done: number, of: number): StepOutcome {
  if (outcome.kind !== "failed") return outcome;
  const { failure } = outcome;
  const progress = `${done} of ${of} statements are done and recorded; the next run goes on behind them.`;
  return { ...outcome, failure: { ...failure, hint: `${failure.hint} ${progress}` } };
}
