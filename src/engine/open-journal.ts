// The journal of a session that takes the run lock: read, or made where there is none. What it says is journal.ts's.
import { MigrationError } from "../failure/failure.ts";
import { EMPTY_JOURNAL, type Journal } from "./journal.ts";
import { createStatements, journalName, readStatement } from "./journal-statements.ts";
import { exclusiveStatement, lockKey } from "./lock.ts";
import { isServerError, type Reply, send, sendAhead, sqlStateOf } from "./message.ts";
import { type JournalReading, journalIn, type Session } from "./open-session.ts";
import type { PreparedSession } from "./prepare-session.ts";
import type { Target } from "./target.ts";
import { composeTransaction } from "./transaction.ts";

/**
 * Asks for the journal behind the question for the lock, which is not answered yet; for openJournal. Where there was none, it
 * is made, if the lock is ours. Without BEGIN: what comes to nothing, because it is not, or because another run was first,
 * leaves no transaction open.
 */
export function askAhead(session: Session, target: Target, hasJournal: boolean): Promise<Reply> {
  const { connection, facts, applicationName } = session;
  if (hasJournal) return sendAhead(connection, readStatement(target));
  // By its name, which it got with its settings: without those nothing is made.
  const proof = exclusiveStatement(lockKey(target.schema, target.journal), facts.backendPid, applicationName);
  return sendAhead(connection, [proof, ...createStatements(target)].join(";\n"));
}

/** Under the lock. `answer` is that of askAhead, null where it was not asked. Throws a MigrationError. */
export async function openJournal(
  session: PreparedSession,
  target: Target,
  hasJournal: boolean,
  answer: Reply | null,
): Promise<Journal> {
  if (!hasJournal && answer?.error === null) return EMPTY_JOURNAL;
  const isRead = hasJournal && answer !== null;
  const reading = isRead ? journalIn(answer, session, target) : await readJournal(session, target);
  return reading.exists ? reading.journal : createJournal(session, target);
}

/** Reads the journal behind a commit of entries: a MigrationError for what comes between does not deny them. */
export async function readRecorded(session: PreparedSession, target: Target): Promise<Journal> {
  try {
    return (await readJournal(session, target)).journal;
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    const hint = "It was recorded. hj migrations status says how things stand.";
    throw new MigrationError({ ...error.failure, hint }, { cause: error });
  }
}

async function readJournal(session: PreparedSession, target: Target): Promise<JournalReading> {
  return journalIn(await send(session.connection, readStatement(target)), session, target);
}

async function createJournal(session: PreparedSession, target: Target): Promise<Journal> {
  const reply = await send(session.connection, composeTransaction(createStatements(target), "", []).sql);
  if (reply.error === null) return EMPTY_JOURNAL;
  if (isServerError(reply.error)) await send(session.connection, "rollback");
  const table = journalName(target);
  throw new MigrationError(
    {
      code: "JOURNAL_UNUSABLE",
      message: `the journal ${table} could not be created: ${reply.error.message}`,
      hint: "Nothing was changed. The role needs the right to create tables in the schema.",
      details: { table, sqlState: sqlStateOf(reply.error) ?? "" },
    },
    { cause: reply.error },
  );
}
