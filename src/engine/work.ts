// What a command works with once a session is open, and the frame of those that change something: lock, read, release.
import type { LockHolder } from "../failure/failure.ts";
import type { Manifest } from "../migration/manifest.ts";
import { reserveOf } from "./budget.ts";
import { type Inventory, takeInventory } from "./inventory.ts";
import type { Journal } from "./journal.ts";
import { acquireLock, releaseLock } from "./lock.ts";
import { createLookout, type Lookout } from "./lookout.ts";
import type { Reply } from "./message.ts";
import { askAhead, openJournal } from "./open-journal.ts";
import { isDirect, type Session } from "./open-session.ts";
import { type PreparedSession, prepareSession } from "./prepare-session.ts";
import type { Draft } from "./report.ts";
import type { RunContext } from "./run-context.ts";
import type { Target } from "./target.ts";
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
  /** False where no run has written to this schema. */
  readonly hasJournal: boolean;
  readonly inventory: Inventory;
}

/** What is left of the invocation before what is kept back to answer, in milliseconds; not less than 0. */
export function usableMsOf({ context, grantedMs }: Pick<Work, "context" | "grantedMs">): number {
  return Math.max(0, context.remainingMs() - reserveOf(grantedMs));
}

/** Work whose session has its settings. */
export interface PreparedWork extends Work {
  readonly session: PreparedSession;
}

/** Gives the session its settings, where it has none. Throws a MigrationError. */
export async function prepare(work: Work): Promise<PreparedWork> {
  return { ...work, session: await prepareSession(work.session, work.target) };
}

/** Work that holds the run lock. */
export interface LockedWork extends PreparedWork {
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
  const { context, grantedMs, target, session: opened, hasJournal, manifest, draft } = work;
  const reserveMs = reserveOf(grantedMs);
  const usableMs = usableMsOf(work);
  const waitMs = Math.min(context.lockWaitMs, usableMs);
  const buildMs = whileBuilding === undefined ? null : usableMs;
  // On the way before the lock is ours, and read when it is; not again with each time that it is asked for.
  let asked = null as Promise<Reply> | null;
  let tries = 0;
  const { session, builder } = await acquireLock(opened, target, context, { waitMs, buildMs }, () => {
    asked = tries++ === 0 && isDirect(opened) ? askAhead(opened, target, hasJournal) : null;
  });
  if (builder !== null && whileBuilding !== undefined) return whileBuilding(builder);
  const lookout = createLookout(target, session, showQueries);
  try {
    const journal = await openJournal(session, target, hasJournal, await asked);
    const inventory = takeInventory(manifest, journal);
    draft.before = inventory;
    draft.hadLock = true;
    const isFresh = context.remainingMs() >= grantedMs / 2;
    return await locked({ ...work, session, journal, inventory, reserveMs, isFresh, lookout });
  } finally {
    await lookout.close();
    await releaseLock(session, target);
  }
}
