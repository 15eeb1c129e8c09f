// A second session beside the one that works: only from there can be seen who blocks it, and be told to stop.
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "../connection/open.ts";
import { isServerError, type Reply, send } from "./message.ts";
import { lookoutName, type Session } from "./open-session.ts";
import { settingStatements } from "./session.ts";
import { decodeSight, type Sight, sightStatements } from "./sight.ts";
import type { Target } from "./target.ts";

/** Opened when something first takes long enough to be looked at, or has to be stopped. Ended by `close`. */
export interface Lookout {
  /**
   * One message to the server; null when there was no answer in three seconds. `isWanted` is asked when a session is there, or
   * is not to be had: until then nothing was sent, and behind a no nothing is.
   */
  readonly ask: (sql: string, isWanted?: () => boolean) => Promise<Reply | null>;
  /** Begins to look. `onSight` is told of each look at which there was something to see. */
  readonly watch: (onSight: (sight: Sight) => void) => Watch;
  readonly close: () => Promise<void>;
}

/** A piece of work that is being looked at. */
export interface Watch {
  /** Ends it, without waiting for anything. Returns who blocked when somebody was last seen to, and the last of the build. */
  readonly stop: () => Sight;
}

/** Time to connect and to look before the first lock_timeout, half a second, has ended what there is to see. */
const FIRST_LOOK_MS = 150;
const PAUSE_MS = 200;
/** What takes that long is looked at less often. */
const LONG_MS = 5_000;
const LONG_PAUSE_MS = 1_000;
/** Each session that is refused is a line in the server's log: after every one the next is tried twice as late. */
const LONGEST_PAUSE_MS = 30_000;
/** A fraction of what a run keeps back to answer: it does not wait for a network that is gone. */
const PATIENCE_MS = 3_000;

/** Never throws: without a second session there is nothing to see, and the work goes on. */
export function createLookout(target: Target, session: Session, showQueries: boolean): Lookout {
  const closing = new AbortController();
  let opened: Promise<Connection | null> | null = null;
  let isOpening = false;
  let refusals = 0;

  async function open(): Promise<Connection | null> {
    isOpening = true;
    const second = await openSecond(target, session, closing.signal);
    isOpening = false;
    refusals = second === null ? refusals + 1 : 0;
    return second;
  }

  async function ask(sql: string, isWanted: () => boolean = () => true): Promise<Reply | null> {
    opened ??= open();
    const second = await opened;
    if (!isWanted()) return null;
    const reply = second === null ? null : await inTime(send(second, sql));
    if (reply !== null && (reply.error === null || isServerError(reply.error))) return reply;
    // The next question has a session of its own: a server that is short of connections may have one by then.
    opened = null;
    second?.end().catch(() => {});
    return null;
  }

  async function look(): Promise<Sight | null> {
    const reply = await ask(sightStatements(session.facts.backendPid, showQueries));
    return reply === null ? null : decodeSight(reply);
  }

  return {
    ask,
    watch(onSight) {
      const startedAt = performance.now();
      let isOver = false;
      let last: Sight = { blockers: [], build: null };
      let timer: NodeJS.Timeout;
      const again = () => {
        const pauseMs = performance.now() - startedAt > LONG_MS ? LONG_PAUSE_MS : PAUSE_MS;
        timer = setTimeout(lookOnce, Math.min(LONGEST_PAUSE_MS, pauseMs * 2 ** refusals));
      };
      const lookOnce = async () => {
        const sight = await look();
        if (isOver) return;
        if (sight !== null) last = { ...sight, blockers: sight.blockers.length > 0 ? sight.blockers : last.blockers };
        if (sight !== null && (sight.blockers.length > 0 || sight.build !== null)) onSight(sight);
        again();
      };
      timer = setTimeout(lookOnce, FIRST_LOOK_MS);
      return {
        stop: () => {
          isOver = true;
          clearTimeout(timer);
          return last;
        },
      };
    },
    async close() {
      closing.abort();
      const ended = opened?.then((second) => second?.end()).catch(() => {});
      // Nobody waits for a connection that may never open: the run lock is held until this returns.
      if (ended !== undefined && !isOpening) await inTime(ended);
    },
  };
}

/** Null for what takes too long; it is left to itself. */
async function inTime<T>(work: Promise<T>, startedAt: number = performance.now()): Promise<T | null> {
  const over = new AbortController();
  const leftMs = Math.max(0, startedAt + PATIENCE_MS - performance.now());
  const late = sleep(leftMs, null, { signal: over.signal }).catch(() => null);
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}

/** With the settings of the session that works: behind a client that is frozen it ends by itself too. */
async function openSecond(target: Target, session: Session, signal: AbortSignal): Promise<Connection | null> {
  const startedAt = performance.now();
  try {
    const connected = await target.connect({ withinMs: PATIENCE_MS, signal, onWait: () => {} });
    if ("problems" in connected) return null;
    const { connection } = connected;
    const named = { ...session, applicationName: lookoutName(session) };
    // As who logged in: a role that is set for it by default may neither see nor cancel what the other session does.
    const settings = ["set role none", ...settingStatements(target, named)];
    const reply = await inTime(send(connection, settings.join(";\n")), startedAt);
    if (reply !== null && reply.error === null) return connection;
    connection.end().catch(() => {});
    return null;
  } catch {
    return null;
  }
}
