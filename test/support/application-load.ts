// An application at work on tables that a migration alters: many short transactions, long readers, and a look at how
// long the migration waits. Judges nothing (wait-figures.ts), and needs no test runner, so that bench/ can use it.
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import type { TimedTransaction } from "./wait-figures.ts";

/** One transaction on a session of its own; `session` counts from 0. */
export type Transact = (client: pg.Client, session: number) => Promise<void>;

/** How much an application does, and what. */
interface LoadOptions {
  readonly transact: Transact;
  readonly sessions: number;
  /** Of all sessions together, evenly. A session that is late makes up for it as fast as it can. */
  readonly perSecond: number;
}

/** An application that works until `stop()`. */
export interface ApplicationLoad {
  /** Every transaction that has ended by now, in a list that grows. */
  readonly ended: readonly TimedTransaction[];
  /** How long each of those that have not ended has waited by now. */
  waitingMs(): readonly number[];
  /** Does what is due by now, ends the sessions, and returns every transaction. Fails when one of them did. */
  stop(): Promise<readonly TimedTransaction[]>;
}

/** A session that has read a table and leaves its transaction open, as a report or a forgotten console does. */
export interface LongReader {
  /** A second call does nothing. */
  end(): Promise<void>;
}

/** Sees a migration wait. */
export interface LockWatch {
  /**
   * Until somebody has waited so long for an ACCESS EXCLUSIVE lock on the table, which makes everybody else queue behind
   * it. Returns early, with false, once `isOver` says so.
   */
  until(table: string, waitedMs: number, isOver: () => boolean): Promise<boolean>;
  end(): Promise<void>;
}

const APPLICATION = "application";
const ROWS = 1_000;
const LOOK_EVERY_MS = 25;

/** Creates tables of a thousand rows that the load can work on. Their names need no quotes. */
export async function createLoadTables(url: string, tables: readonly string[]): Promise<void> {
  const client = await connected(url);
  try {
    for (const table of tables) {
      await client.query(`create table ${table} (id int primary key, balance int not null);
        insert into ${table} select id, 0 from generate_series(1, ${ROWS}) id`);
    }
  } finally {
    await client.end();
  }
}

/** Short transactions on tables of `createLoadTables`: each touches one, and the sessions are dealt out to them. */
export function onTables(tables: readonly string[]): Transact {
  return async (client, session) => {
    const table = tables[session % tables.length] ?? "";
    const id = 1 + Math.floor(Math.random() * ROWS);
    await client.query("begin");
    await client.query(`select balance from ${table} where id = $1`, [id]);
    await client.query(`update ${table} set balance = balance + 1 where id = $1`, [id]);
    await client.query("commit");
  };
}

/** Returns when all sessions are connected and have their first transaction behind them. */
export async function startApplicationLoad(url: string, options: LoadOptions): Promise<ApplicationLoad> {
  const clients = await Promise.all(Array.from({ length: options.sessions }, () => connected(url)));
  const done: TimedTransaction[] = [];
  const underWay = new Map<pg.Client, number>();
  let endsAt = Number.POSITIVE_INFINITY;
  const periodMs = (options.sessions * 1_000) / options.perSecond;
  const startedAt = performance.now();

  async function work(client: pg.Client, index: number): Promise<void> {
    for (let dueAt = startedAt + (index * 1_000) / options.perSecond; dueAt < endsAt; dueAt += periodMs) {
      await delay(Math.max(0, dueAt - performance.now()));
      const begunAt = performance.now();
      underWay.set(client, begunAt);
      await options.transact(client, index).finally(() => underWay.delete(client));
      done.push({ dueAt, begunAt, endedAt: performance.now() });
    }
  }

  const working = Promise.all(clients.map(work));
  // Heard of in stop(), which may come much later.
  working.catch(() => {});
  await delay(periodMs * 2);

  async function stop(): Promise<readonly TimedTransaction[]> {
    endsAt = performance.now();
    try {
      await working;
    } finally {
      await Promise.all(clients.map((client) => client.end()));
    }
    return done;
  }
  let stopped: Promise<readonly TimedTransaction[]> | undefined;
  return {
    ended: done,
    waitingMs: () => [...underWay.values()].map((begunAt) => performance.now() - begunAt),
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

/** Holds ACCESS SHARE on the table, with which an ALTER TABLE conflicts and other readers do not. `name` is its session's. */
export async function startLongReader(url: string, table: string, name = APPLICATION): Promise<LongReader> {
  const client = await connected(url, name);
  await client.query("begin");
  await client.query(`select count(*) from ${table}`);
  let ended: Promise<void> | undefined;
  return {
    end: () => {
      ended ??= client.end();
      return ended;
    },
  };
}

/** In a session of its own, that asks for no lock. */
export async function startLockWatch(url: string): Promise<LockWatch> {
  const client = await connected(url);
  return {
    until: async (table, waitedMs, isOver) => {
      while (!isOver()) {
        const { rows } = await client.query(WAITED, [table]);
        if (rows.some(({ waited_ms }) => waited_ms >= waitedMs)) return true;
        await delay(LOOK_EVERY_MS);
      }
      return false;
    },
    end: () => client.end(),
  };
}

/** `waitstart` is null for a moment after the wait began: https://www.postgresql.org/docs/current/view-pg-locks.html */
const WAITED = `
  select coalesce(extract(epoch from clock_timestamp() - waitstart) * 1000, 0)::float8 as waited_ms from pg_locks
  where relation = $1::regclass and mode = 'AccessExclusiveLock' and not granted`;

async function connected(url: string, name = APPLICATION): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: name });
  // A session that is lost fails with its next query.
  client.on("error", () => {});
  await client.connect();
  return client;
}
