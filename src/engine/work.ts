// What a command works with once a session is open, and the frame of those that change something: lock, read, release.
import { type LockHolder, MigrationError } from "../failure/failure.ts";
import type { Manifest } from "../migration/manifest.ts";
import { reserveOf } from "./budget.ts";
import { type Inventory, takeInventory } from "./inventory.ts";
import { EMPTY_JOURNAL, type Journal } from "./journal.ts";
import { createStatements, journalName } from "./journal-statements.ts";
import { acquireLock, releaseLock } from "./lock.ts";
import { createLookout, type Lookout } from "./lookout.ts";
import { isServerError, type Reply, send, sqlStateOf } from "./message.ts";
import { askForJournal, isDirect, journalIn, readJournal, type Session } from "./open-session.ts";
import type { Draft } from "./report.ts";
import type { RunContext } from "./run-context.ts";
import type { Target } from "./target.ts";
import { composeTransaction } from "./transaction.ts";
import { writableSession } from "./writer.ts";

/** A request being served: the session, what the journal said, and the report so far. */
export interface Work {
  /** What there was of the invocation before connecting, in milliseconds: what is kept back at its end is a part of it. */
  readonly grantedMs: number;
  readonly manifest: Manifest;
  readonly target: Target;
  readonly context: RunContext;
  readonly session: Session;
  readonly draft: Draft;
  readonly journal: Journal;
  readonly inventory: Inventory;
}

/** What is left of the invocation before what is kept back to answer, in milliseconds; not less than 0. */
export function usableMsOf({ context, grantedMs }: Pick<Work, "context" | "grantedMs">): number {
  return Math.max(0, context.remainingMs() - reserveOf(grantedMs));
}

/** Work that holds the run lock. */
export interface LockedWork extends Work {
  readonly reserveMs: number;
  /** False when waiting for the database and the lock has used up most of the invocation: then a step that did not fit proves nothing. */
  readonly isFresh: boolean;
  /** Looks at the session's backend; ended with the work. */
  readonly lookout: Lookout;
}

/** What a command that changes something may want of its frame. */
export interface LockOptions<T> {
  /** True shows the text of other sessions' queries, which can hold secrets. */
  readonly showQueries: boolean;
  /**
   * What to say when time ran out while `holder` was building an index that was left to the server. Without it such a
   * holder is waited for no longer than any other.
   */
  readonly whileBuilding?: (holder: LockHolder) => T;
}

/**
 * Takes the lock, reads the journal again, because another run may have changed it meanwhile, and gives the lock back
 * when the work is done. Throws a MigrationError for what fails before the work begins.
 */
export async function underLock<T>(
  work: Work,
  options: LockOptions<T>,
  locked: (work: LockedWork) => Promise<T>,
): Promise<T> {
  const { context, target } = work;
  const session = await writableSession(work.session, target, context);
  try {
    return await withLock({ ...work, session }, options, locked);
  } finally {
    if (session !== work.session) await session.connection.end().catch(() => {});
  }
}

async function withLock<T>(
  work: Work,
  { showQueries, whileBuilding }: LockOptions<T>,
  locked: (work: LockedWork) => Promise<T>,
): Promise<T> {
  const { context, grantedMs, target, session, manifest, draft } = work;
  const reserveMs = reserveOf(grantedMs);
  const usableMs = usableMsOf(work);
  const waitMs = Math.min(context.lockWaitMs, usableMs);
  const buildMs = whileBuilding === undefined ? null : usableMs;
  // On the way before the lock is ours, and read when it is; not again with each time that it is asked for.
  let asked: Promise<Reply> | null = null;
  let tries = 0;
  const builder = await acquireLock(session, target, context, { waitMs, buildMs }, () => {
    asked = tries++ === 0 && isDirect(session) ? askForJournal(session, target) : null;
  });
  if (builder !== null && whileBuilding !== undefined) return whileBuilding(builder);
  const lookout = createLookout(target, session, showQueries);
  try {
    const reading = await (asked === null ? readJournal(session, target) : journalIn(await asked, session, target));
    const journal = reading.exists ? reading.journal : await createJournal(session, target);
    const inventory = takeInventory(manifest, journal);
    draft.before = inventory;
    const isFresh = context.remainingMs() >= grantedMs / 2;
    return await locked({ ...work, journal, inventory, reserveMs, isFresh, lookout });
  } finally {
    await lookout.close();
    await releaseLock(session, target);
  }
}

async function createJournal(session: Session, target: Target): Promise<Journal> {
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
