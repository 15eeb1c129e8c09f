// Takes a step that is not one transaction: statement by statement, each recorded when done, so that a run
// that died is continued behind what it did.
import type { Statement } from "../migration/manifest.ts";
import { attempt, doneBy } from "./attempt.ts";
import type { Budget } from "./budget.ts";
import type { Position } from "./execute-alone.ts";
import { explainAttempt } from "./explain-attempt.ts";
import { cancelled, failed, type StepOutcome } from "./explain-step.ts";
import { completeStatement, type EntryAuthor, openStatements, recordStatement } from "./journal-statements.ts";
import { lockKey, ownershipStatement } from "./lock.ts";
import { literal } from "./quote.ts";
import { runAlone } from "./run-alone.ts";
import type { Run } from "./run-context.ts";
import { resetStatements } from "./session.ts";
import type { Step } from "./step.ts";
import { NOT_FINISHED } from "./timing.ts";

/** Applies what is left of the script. A failure says how many statements are done; they stay done. */
export async function applyStatements(run: Run, step: Step, author: EntryAuthor, budget: Budget): Promise<StepOutcome> {
  const { resumes, script, version } = step;
  const { statements } = script;
  const first = resumes?.statementsDone ?? 0;
  const opened = resumes === null ? await openEntry(run, step, author, budget) : { entryId: resumes.id };
  if ("kind" in opened) return opened;
  // Its file may have become shorter, and an operator said that this is right.
  if (first >= statements.length) return record(run, step, completeStatement(run.target, step, opened.entryId), budget);
  let attempts = 1;
  let timing = NOT_FINISHED;
  for (let index = first; index < statements.length; index++) {
    const statement = statements[index] as Statement;
    run.context.onProgress({
      kind: "statement_started",
      version,
      number: index + 1,
      of: statements.length,
    });
    const wasBegun = resumes !== null && resumes.statementBegun === index + 1;
    const position = { step, statement, index, entryId: opened.entryId, wasBegun };
    const outcome = await oneStatement(run, position, budget);
    if (outcome.kind !== "done") return withProgress(outcome, step, index, first);
    attempts = Math.max(attempts, outcome.attempts);
    timing = outcome;
  }
  return { ...timing, kind: "done", attempts };
}

/** Writes to the journal and nothing else. */
async function record(run: Run, step: Step, statement: string, budget: Budget): Promise<StepOutcome> {
  const parts = { head: frameHead(run, step.version), body: "", tail: [statement] };
  const attempted = await attempt(run, step.version, parts, budget);
  if (attempted.reply.error !== null) {
    return explainAttempt(run, step, { statements: [], start: 0 }, attempted, budget);
  }
  return doneBy(attempted);
}

async function oneStatement(run: Run, position: Position, budget: Budget): Promise<StepOutcome> {
  const { step, statement } = position;
  if (run.context.signal.aborted) return failed(cancelled(step.version), null, 1);
  const sql = step.script.sql.slice(statement.start, statement.end);
  if (statement.kind === "ordinary") return recorded(run, position, sql, budget);
  const ran = await runAlone(run, position, budget);
  return ran.kind === "ran" ? recorded(run, position, ran.last, budget) : ran;
}

/** Runs an ordinary statement and its record as one transaction, or only writes the record. */
async function recorded(run: Run, position: Position, sql: string | null, budget: Budget): Promise<StepOutcome> {
  const { step, statement, index, entryId } = position;
  const { script, version } = step;
  const done = index + 1;
  const reset = resetStatements(run.target, run.session);
  const parts = {
    head: frameHead(run, version),
    body: sql ?? "",
    tail: [...reset, recordStatement(run.target, step, entryId, done, done === script.statements.length)],
  };
  const attempted = await attempt(run, version, parts, budget);
  if (attempted.reply.error !== null) {
    const body = { statements: sql === null ? [] : [statement], start: statement.start };
    return explainAttempt(run, step, body, attempted, budget);
  }
  return doneBy(attempted);
}

async function openEntry(
  run: Run,
  step: Step,
  author: EntryAuthor,
  budget: Budget,
): Promise<{ entryId: string } | StepOutcome> {
  const parts = {
    head: [...frameHead(run, step.version), ...openStatements(run.target, author, step)],
    body: "",
    tail: [],
  };
  const attempted = await attempt(run, step.version, parts, budget);
  const { reply, transaction } = attempted;
  if (reply.error === null) return { entryId: reply.completed[transaction.headStatements - 1]?.[0]?.["id"] ?? "" };
  return explainAttempt(run, step, { statements: [], start: 0 }, attempted, budget);
}

function frameHead({ target, session }: Run, version: string): readonly string[] {
  return [
    `set local application_name = ${literal(`${session.applicationName} ${version}`)}`,
    ownershipStatement(lockKey(target.schema, target.journal)),
  ];
}

function withProgress(outcome: StepOutcome, step: Step, done: number, first: number): StepOutcome {
  switch (outcome.kind) {
    case "out_of_time":
      return { ...outcome, hasProgressed: outcome.hasProgressed || done > first, leavesEntry: true };
    case "not_begun":
      return withProgress(failed(cancelled(null), null, 1), step, done, first);
    case "failed": {
      const { failure } = outcome;
      const next = step.direction === "up" ? "run" : "rollback";
      const of = step.script.statements.length;
      const way = failure.code === "STATEMENT_FAILED" && step.direction === "up" ? mend(step, done) : failure.hint;
      const hint = `${way} ${done} of ${of} statements are done and recorded; the next ${next} goes on behind them.`;
      return { ...outcome, failure: { ...failure, hint }, leavesEntry: true };
    }
    case "in_doubt":
      return { ...outcome, leavesEntry: true };
    default:
      return outcome;
  }
}

/** The file cannot simply be edited: what is done of it is in the database, under the checksum that it had. */
function mend({ version }: Step, done: number): string {
  return `Mend what is in its way and run hj migrations run again; or fix the file from its statement ${done + 1} on, and say so first with hj migrations resolve ${version} --as checksum.`;
}
