// Says which statement of a transaction an error hit: one of the migration, or one of the frame around it.
// Asks the clock once: an error that came when time was up is about time.
import type { Failure } from "../failure/failure.ts";
import { fullName, type Statement } from "../migration/manifest.ts";
import type { Attempted } from "./attempt.ts";
import type { Budget } from "./budget.ts";
import { explainStep, frameFailure, type StepOutcome } from "./explain-step.ts";
import { journalName } from "./journal-statements.ts";
import { isServerError, type ServerError } from "./message.ts";
import type { Run } from "./run-context.ts";
import { keepsSession, type Step } from "./step.ts";
import { errorOffset } from "./transaction.ts";

/** The part of a script that was sent: from `start`, these statements. */
export interface Body {
  readonly statements: readonly Statement[];
  readonly start: number;
}

/** What a failed attempt comes to. `attempted.reply.error` must be set. */
export function explainAttempt(run: Run, step: Step, body: Body, attempted: Attempted, budget: Budget): StepOutcome {
  const { transaction, reply, interruption, attempts, blockers } = attempted;
  const { statements, start } = body;
  const error = reply.error as Error;
  const text = step.script.sql.slice(start, start === 0 ? undefined : statements.at(-1)?.end);
  const inBody = isServerError(error) ? errorOffset(transaction, text, error) : null;
  const offset = inBody === null ? null : start + inBody;
  const index = reply.completed.length - transaction.headStatements;
  // A syntax error is found before anything runs: then only the position tells which statement it is.
  const byOffset = statements.find((statement) => offset !== null && offset < statement.end);
  const inFrame = byOffset === undefined && (index < 0 || index >= statements.length);
  if (inFrame && isServerError(error) && interruption === null) {
    // A commit runs deferred checks, and what they find is the file's.
    const isCommit = index === statements.length + transaction.tailStatements;
    const failure = isCommit ? null : frameFault(run, step, error, index < 0);
    if (failure !== null) return frameFailure(failure, error, attempts);
  }
  const statement = byOffset ?? statements[index] ?? statements.at(-1);
  const isOverdue = performance.now() >= budget.endsAt;
  return explainStep({ step, statement, offset, error, interruption, attempts, blockers, budget, isOverdue });
}

/** An error in one of our own statements; null when it is about time or locks, as any statement's may be. */
function frameFault(run: Run, step: Step, error: ServerError, isBefore: boolean): Failure | null {
  const { version } = step;
  const { file } = step.script;
  switch (error.code) {
    case "22012": // division_by_zero: one of the proofs failed
      if (!isBefore && keepsSession(step)) return notWritten(run, step, error);
      return isBefore
        ? {
            code: "LOCK_LOST",
            message: `the run lock was not held any more when ${version} was to begin`,
            hint: "Nothing of this migration was applied. Run again; behind a transaction pooler use the database's own endpoint.",
            details: { version },
          }
        : {
            code: "TRANSACTION_ENDED",
            message: `${file} ended the transaction that it ran in`,
            hint: "What came before that is not recorded and may be in the database. Remove commit and rollback from it, procedures included.",
            details: { version, file },
          };
    case "23505": // unique_violation: the index on current entries
      return {
        code: "LOCK_LOST",
        message: `another run has recorded ${version} in the meantime`,
        hint: "Nothing of this migration was applied by this run. Run again.",
        details: { version },
      };
    case "55P03":
    case "40P01":
    case "57014":
      return null;
    default:
      return {
        code: "JOURNAL_UNUSABLE",
        message: `the journal ${journalName(run.target)} could not be written ${isBefore ? "before" : "behind"} ${fullName(step)}: ${error.message} (${error.code})`,
        hint: "Nothing of this migration was applied. Give the role its rights on the journal back, or mend what the file does to it.",
        details: { table: journalName(run.target), sqlState: error.code },
      };
  }
}

/** A file that cannot have ended its transaction, and no entry behind it all the same. */
function notWritten({ target }: Run, step: Step, error: ServerError): Failure {
  return {
    code: "JOURNAL_UNUSABLE",
    message: `the journal ${journalName(target)} took no entry of ${fullName(step)}`,
    hint: "Nothing of this migration was applied. Remove the trigger or rule that keeps entries from it.",
    details: { table: journalName(target), sqlState: error.code },
  };
}
