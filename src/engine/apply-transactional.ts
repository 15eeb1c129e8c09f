// Applies a migration that is one transaction: one message, its journal entry with it.
import type { Migration } from "../migration/manifest.ts";
import { attempt } from "./attempt.ts";
import type { Budget } from "./budget.ts";
import { explainAttempt } from "./explain-attempt.ts";
import type { StepOutcome } from "./explain-step.ts";
import { completeInTransactionStatement, type EntryAuthor, insertStatement } from "./journal-statements.ts";
import { lockKey, ownershipStatement } from "./lock.ts";
import { literal } from "./quote.ts";
import type { Run } from "./run-context.ts";
import { resetStatements } from "./session.ts";

/**
 * Applies it, or leaves nothing of it behind. Behind the file the session gets its own settings back, before the entry
 * is completed: a `set role` or a search_path of the file must not decide where the entry goes, nor reach the next file.
 */
export async function applyTransactional(
  run: Run,
  migration: Migration,
  author: EntryAuthor,
  budget: Budget,
): Promise<StepOutcome> {
  const { target } = run;
  const head = [
    `select set_config('application_name', ${literal(`${run.session.applicationName} ${migration.version}`)}, true)`,
    ownershipStatement(lockKey(target.schema, target.journal)),
    insertStatement(target, author, migration),
  ];
  const reset = resetStatements(target, run.session.applicationName);
  const tail = [...reset, completeInTransactionStatement(target, migration.version)];
  const attempted = await attempt(run, migration.version, { head, body: migration.up.sql, tail }, budget);
  const { reply, attempts } = attempted;
  if (reply.error !== null) {
    const body = { script: migration.up, statements: migration.up.statements, start: 0 };
    return explainAttempt(run, migration, body, attempted, budget);
  }
  const entry = reply.completed.at(-2)?.[0];
  return {
    kind: "applied",
    appliedAt: entry?.["finished_at"] ?? null,
    durationMs: entry?.["duration_ms"] == null ? null : Number(entry["duration_ms"]),
    attempts,
  };
}
