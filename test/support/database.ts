// A database of its own for each test file, on the servers that postgres-servers.ts started. Starts no server.
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { inject } from "vitest";
import type { TestServer } from "./postgres-servers.ts";

/**
 * For `describe.each(postgresVersions)("on PostgreSQL $version", ({ url }) => ...)`. What depends on the server's
 * version takes `everyPostgresVersion` from every-version.ts instead.
 */
export const postgresVersions: readonly TestServer[] = inject("postgresServers");

/** An empty database that exists until `drop()`. */
export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  /** In a session of its own, so that nothing of it lasts. Of several statements, the last one's rows. */
  // biome-ignore lint/suspicious/noExplicitAny: a test knows the columns it selects.
  query<Row extends pg.QueryResultRow = any>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** Removes the database, then fails when sessions were still open in it, because a test or the product leaked them. */
  drop(): Promise<void>;
}

/** A backend is listed for a moment after its client has gone. */
const BACKEND_EXIT_TIMEOUT_MS = 2_000;

/** Creates a database with a name that no other test uses. */
export async function createTestDatabase(serverUrl: string): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await superuserOf(serverUrl).query(`create database ${name}${FASTEST.has(serverUrl) ? " strategy file_copy" : ""}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const asker = createAsker(url.href);
  return {
    name,
    url: url.href,
    query: asker.query,
    drop: async () => {
      await asker.end();
      await dropDatabase(serverUrl, name);
    },
  };
}

/** Servers that know another way than writing a new database to their log, page by page; version 14 knows no other. */
const FASTEST: ReadonlySet<string> = new Set(
  [...postgresVersions, ...(inject("serversBetween") ?? [])].flatMap(({ version, url }) => (version > 14 ? [url] : [])),
);

interface Asker {
  readonly query: TestDatabase["query"];
  readonly end: () => Promise<void>;
}

/**
 * Asks in one session, as if each question had its own: to open one takes longer than most questions. What only reads
 * leaves it as it was; `isKept` keeps it also behind everything else.
 */
function createAsker(url: string, isKept = false): Asker {
  let idle: pg.Client | null = null;
  const open = async () => {
    const client = await openClient(url);
    // Servers are restarted under a test, and sessions ended.
    client.once("end", () => {
      if (idle === client) idle = null;
    });
    return client;
  };
  const end = async () => {
    await idle?.end();
    idle = null;
  };
  return {
    async query(sql, values) {
      // Whoever asks meanwhile has a session of its own.
      const free = idle;
      idle = null;
      const client = free ?? (await open());
      try {
        const result: pg.QueryResult | pg.QueryResult[] = await client.query(sql, values);
        // Of what was written, the server tells others in statistics when the session ends.
        const isRead = [result].flat().every(({ command }) => command === "SELECT");
        if (isRead) await client.query("discard all");
        if ((isRead || isKept) && idle === null) idle = client;
        else await client.end();
        return rowsOf(result);
      } catch (error) {
        await client.end().catch(() => {});
        throw error;
      }
    },
    end,
  };
}

/** For what is done to databases as a whole, and to roles. Its session ends with the process, which is that of one test file. */
export function superuserOf(serverUrl: string): Asker {
  const known = superusers.get(serverUrl);
  if (known !== undefined) return known;
  const asker = createAsker(serverUrl, true);
  superusers.set(serverUrl, asker);
  return asker;
}

const superusers = new Map<string, Asker>();

async function openClient(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: "test" });
  client.on("error", () => {});
  await client.connect();
  return client;
}

// biome-ignore lint/suspicious/noExplicitAny: as in `TestDatabase.query`.
function rowsOf(result: pg.QueryResult | pg.QueryResult[]): any[] {
  return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? [];
}

async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  const leaked = await findLeakedSessions(serverUrl, name);
  await superuserOf(serverUrl).query(`drop database ${name} with (force)`);
  if (leaked.length > 0) throw new Error(`Sessions were left open in a test database:\n${leaked.join("\n")}`);
}

async function findLeakedSessions(serverUrl: string, name: string): Promise<string[]> {
  const deadline = performance.now() + BACKEND_EXIT_TIMEOUT_MS;
  for (;;) {
    const sessions = await superuserOf(serverUrl).query(
      `select format('pid %s, application %L, %s: %s', pid, application_name, state, query) as session
       from pg_stat_activity where datname = $1 and backend_type = 'client backend'`,
      [name],
    );
    if (sessions.length === 0 || performance.now() > deadline) return sessions.map((row) => row.session);
    await delay(20);
  }
}
