// What runs before and behind the SQL of a step that is one transaction. Pure text.
import { completeInTransactionStatement, type EntryAuthor, openStatements } from "./journal-statements.ts";
import { lockKey, ownershipStatement } from "./lock.ts";
import { literal } from "./quote.ts";
import type { Run } from "./run-context.ts";
import { resetStatements } from "./session.ts";
import type { Step } from "./step.ts";
import type { Parts } from "./transaction.ts";

/**
 * Behind the file the session gets its own settings back, before the entry is completed: a `set role` or a search_path of
 * the file must not decide where the entry goes, nor reach the next file.
 *
 * `number` is the step's in its run, counted from 1. What is sent `behind` another step, before that one was answered, does
 * nothing unless the session bears that one's mark, and a mark is as committed as the step that set it: also a commit may
 * fail, and then nothing else keeps the server from the next message.
 */
export function frameOf(
  { target, session }: Pick<Run, "target" | "session">,
  step: Step,
  author: EntryAuthor,
  place: { readonly number: number; readonly behind: number | null },
): Parts {
  const name = session.applicationName;
  const marked = { ...session, applicationName: markOf(name, place.number) };
  const mark = place.behind === null ? null : markOf(name, place.behind);
  return {
    head: [
      ownershipStatement(lockKey(target.schema, target.journal), mark),
      `set local application_name = ${literal(`${name} ${step.version}`)}`,
      ...openStatements(target, author, step),
    ],
    body: step.script.sql,
    tail: [
      ...resetStatements(target, marked),
      "discard temp",
      "deallocate all",
      completeInTransactionStatement(target, step),
    ],
  };
}

function markOf(name: string, number: number): string {
  return `${name} done ${number}`;
}
