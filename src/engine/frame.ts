// What runs before and behind the SQL of a step that is one transaction. Pure text.
import {
  appliedStatement,
  completeInTransactionStatement,
  type EntryAuthor,
  openStatements,
} from "./journal-statements.ts";
import { exclusiveStatement, lockKey, ownershipStatement } from "./lock.ts";
import { literal } from "./quote.ts";
import type { Run } from "./run-context.ts";
import { identityStatements, resetStatements } from "./session.ts";
import { keepsSession, type Step } from "./step.ts";
import type { Parts } from "./transaction.ts";

/**
 * Behind the file the session gets its own settings back, before the entry is completed: a `set role` or a search_path of
 * the file must not decide where the entry goes, nor reach the next file. And the entry is opened before the file and
 * completed behind it, which shows whether the transaction is still the same. A file that does nothing of the kind, as far as
 * the build can see, is spared most of that, which is most of what a small migration costs besides itself: it gets back
 * only as whom and where the session works.
 *
 * What is sent behind another step, before that one was answered, does nothing unless the session bears that one's mark,
 * and a mark is as committed as the step that set it: also a commit may fail, and then nothing else keeps the server from
 * the next message.
 */
export function frameOf(
  { target, session }: Pick<Run, "target" | "session">,
  step: Step,
  author: EntryAuthor,
  place: Place,
): Parts {
  const name = session.applicationName;
  const marked = { ...session, applicationName: markOf(name, place.number) };
  const mark = place.behind === null ? null : markOf(name, place.behind);
  const key = lockKey(target.schema, target.journal);
  const head = [
    place.isLockSure ? exclusiveStatement(key, session.facts.backendPid, mark) : ownershipStatement(key, mark),
    `set local application_name = ${literal(`${name} ${step.version}`)}`,
  ];
  const body = step.script.sql;
  if (keepsSession(step)) {
    const tail = [...identityStatements(target, marked), appliedStatement(target, author, step.migration)];
    return { head, body, tail };
  }
  return {
    head: [...head, ...openStatements(target, author, step)],
    body,
    tail: [
      ...resetStatements(target, marked),
      "discard temp",
      "deallocate all",
      completeInTransactionStatement(target, step),
    ],
  };
}

/** Where a step stands in its run. */
export interface Place {
  /** Counted from 1. */
  readonly number: number;
  /** The number of the step that it is sent behind, before that one was answered; null for none. */
  readonly behind: number | null;
  /** True where nothing can have given the lock up that this run did before. */
  readonly isLockSure: boolean;
}

function markOf(name: string, number: number): string {
  return `${name} done ${number}`;
}
