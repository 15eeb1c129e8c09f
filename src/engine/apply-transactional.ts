// Takes a step that is one transaction: one message, its journal entry with it.
import { attempt, doneBy } from "./attempt.ts";
import type { Budget } from "./budget.ts";
import { explainAttempt } from "./explain-attempt.ts";
import type { StepOutcome } from "./explain-step.ts";
import { completeInTransactionStatement, type EntryAuthor, openStatements } from "./journal-statements.ts";
import { lockKey, ownershipStatement } from "./lock.ts";
import { literal } from "./quote.ts";
import type { Run } from "./run-context.ts";
import { resetStatements } from "./session.ts";
import type { Step } from "./step.ts";

/**
 * Takes it, or leaves nothing of it behind. Behind the file the session gets its own settings back, before the entry
 * is completed: a `set role` or a search_path of the file must not decide where the entry goes, nor reach the next file.
 */
export async function applyTransactional(
  run: Run,
  step: Step,
  author: EntryAuthor,
  budget: Budget,
): Promise<StepOutcome> {
  const { target, session } = run;
  const { script, version } = step;
  const head = [
    `set local application_name = ${literal(`${session.applicationName} ${version}`)}`,
    ownershipStatement(lockKey(target.schema, target.journal)),
    ...openStatements(target, author, step),
  ];
  const reset = [...resetStatements(target, session), "discard temp", "deallocate all"];
  const tail = [...reset, completeInTransactionStatement(target, step)];
  const attempted = await attempt(run, version, { head, body: script.sql, tail }, budget);
  if (attempted.reply.error !== null) {
    return explainAttempt(run, step, { statements: script.statements, start: 0 }, attempted, budget);
  }
  return doneBy(attempted);
}
