// What stands between the function and the server: PgBouncer in transaction mode is refused before anything of ours is
// left on a backend of its pool, and in session mode it is as good as the server itself.
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import { acquireLock } from "../../src/engine/lock.ts";
import type { Session } from "../../src/engine/open-session.ts";
import { assertOwnBackend } from "../../src/engine/pooler.ts";
import { prepareSession } from "../../src/engine/prepare-session.ts";
import type { Report } from "../../src/engine/report-schema.ts";
import type { RunContext } from "../../src/engine/run-context.ts";
import type { Target } from "../../src/engine/target.ts";
import { createTestDatabase, postgresVersions, type TestDatabase } from "../support/database.ts";
import { runEvent, statuses } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import { type PgbouncerOptions, pgbouncer, startPgbouncer } from "../support/pgbouncer.ts";
import { advisoryLocksOf, freshDatabase, openSession } from "../support/workplace.ts";

const MANIFEST = manifestOf({
  "0001_a.up.sql": "create table a (id int)",
  "0002_b.up.sql": "-- hj:transaction off\ncreate index concurrently a_id on a (id)",
});

/** What nobody but us would have set, on any session of the database but the asking one. */
const LEFT_BEHIND = `select pid from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid() and application_name like 'hellojohn%'
  union all select pid from pg_locks join pg_database on pg_database.oid = database
    where locktype = 'advisory' and datname = current_database()`;

async function setup(serverUrl: string, options: PgbouncerOptions): Promise<{ database: TestDatabase; url: string }> {
  const database = await createTestDatabase(serverUrl);
  onTestFinished(() => database.drop());
  const pooler = await startPgbouncer(database.url, options);
  onTestFinished(() => pooler.stop());
  return { database, url: pooler.url };
}

/** What a client of the pool came across: settings that it found, and an error that ended it. */
interface Findings {
  readonly settings: Set<string>;
  readonly errors: Error[];
}

/** Clients of the same pool that never stop asking, as an application's would. One that meets an error notes it and ends. */
async function busyClients(url: string, number: number): Promise<Findings> {
  let isOver = false;
  const findings: Findings = { settings: new Set(), errors: [] };
  const clients = Array.from({ length: number }, () => new pg.Client(url));
  // A query that is under way is told of the same loss, and notes it.
  for (const client of clients) client.on("error", () => {});
  await Promise.all(clients.map((client) => client.connect()));
  const work = async (client: pg.Client) => {
    while (!isOver) {
      await client.query("begin");
      const { rows } = await client.query(
        "select concat_ws(' ', current_setting('search_path'), current_setting('idle_session_timeout'), pg_sleep(random() / 200)) as found",
      );
      await client.query("commit");
      findings.settings.add(rows[0].found.trim());
      await sleep(Math.random() * 3);
    }
  };
  const working = clients.map((client) => work(client).catch((error: Error) => findings.errors.push(error)));
  onTestFinished(async () => {
    isOver = true;
    await Promise.all(working);
    await Promise.all(clients.map((client) => client.end().catch(() => {})));
  });
  return findings;
}

/** Gives the pool a second backend beside the one that it has, and takes them back in this order. */
async function stirPool(url: string, lastBack: "the first" | "the second"): Promise<void> {
  const clients = [await openSession(url), await openSession(url)];
  for (const client of clients) await client.query("begin");
  for (const client of lastBack === "the second" ? clients : clients.toReversed()) await client.query("commit");
}

function codeOf(report: Report): string {
  return report.outcome === "failed" ? report.failure.code : report.outcome;
}

describe.each(postgresVersions)("a session of PostgreSQL $version that a pooler has moved after all", ({ url }) => {
  it("takes no lock on the backend that it was moved to, and sets nothing there", async () => {
    const database = await freshDatabase(url);
    const connection = await openSession(database.url);
    const session = { connection, facts: { backendPid: 1 }, applicationName: "hellojohn" } as unknown as Session;
    const target = { schema: "public", journal: "hj_migration" } as Target;
    const context = { signal: new AbortController().signal, onProgress: () => {} } as unknown as RunContext;
    const moved = {
      failure: { code: "POOLER_DETECTED", message: expect.stringContaining("moved to another backend") },
    };
    await expect(acquireLock(session, target, context, { waitMs: 0, buildMs: null })).rejects.toMatchObject(moved);
    await expect(prepareSession(session, target)).rejects.toMatchObject(moved);
    expect(await advisoryLocksOf(database)).toEqual([]);
    const set = "select name from pg_settings where source = 'session'";
    expect((await connection.query(set)).rows).toEqual([]);
  });
});

describe.runIf(pgbouncer !== null).each(postgresVersions)(
  "PgBouncer before PostgreSQL $version",
  ({ url: serverUrl }) => {
    it.each(["run", "status", "list", "rollback"])("in transaction mode is refused: %s", async (command) => {
      const { database, url } = await setup(serverUrl, { mode: "transaction" });
      const report = await runEvent(url, MANIFEST, { command });
      expect(report).toMatchObject({
        outcome: "failed",
        failure: { code: "POOLER_DETECTED", hint: expect.stringContaining("the database's own endpoint") },
      });
      expect(await database.query("select 1 from pg_tables where schemaname = 'public'")).toEqual([]);
      expect(await database.query(LEFT_BEHIND)).toEqual([]);
    });

    it("in transaction mode is refused with one backend for all, and with one that is handed out in turn", async () => {
      for (const settings of [{ default_pool_size: "1" }, { server_round_robin: "1" }]) {
        const { url } = await setup(serverUrl, { mode: "transaction", settings });
        expect(codeOf(await runEvent(url, MANIFEST, { command: "run" }))).toBe("POOLER_DETECTED");
      }
    });

    it.each([
      // Both leave the second backend to the next client, and not ours, which is the first.
      { order: "the one that was given back last", roundRobin: "0", lastBack: "the second" as const },
      { order: "all in turn", roundRobin: "1", lastBack: "the first" as const },
    ])("in transaction mode is told in a pool with another backend before ours: $order", async (pool) => {
      const settings = { server_round_robin: pool.roundRobin };
      const { url } = await setup(serverUrl, { mode: "transaction", settings });
      let stirred: Promise<void> | null = null;
      const openAnother = async () => {
        stirred ??= stirPool(url, pool.lastBack);
        await stirred;
        return openSession(url);
      };
      const looking = assertOwnBackend(await openSession(url), openAnother);
      await expect(looking).rejects.toMatchObject({ failure: { code: "POOLER_DETECTED" } });
    });

    it.each([2, 4])(
      "in transaction mode under load, with %i backends, refuses every run and leaves nothing behind",
      async (backends) => {
        const settings = { default_pool_size: String(backends) };
        const { database, url } = await setup(serverUrl, { mode: "transaction", settings });
        const others = await busyClients(url, 8);
        for (let round = 0; round < 10; round++) {
          const report = await runEvent(url, MANIFEST, { command: "run" }, { lockWait: "5s" });
          expect(codeOf(report)).toBe("POOLER_DETECTED");
          // An application without a name keeps the one it finds: what is there now would stay.
          expect(await database.query(LEFT_BEHIND)).toEqual([]);
        }
        expect(others).toEqual({ settings: new Set(['"$user", public 0']), errors: [] });
      },
    );

    it("in session mode is as good as the server: migrations are applied, once", async () => {
      const { database, url } = await setup(serverUrl, { mode: "session" });
      expect(statuses(await runEvent(url, MANIFEST, { command: "run" }))).toEqual({
        "0001": "applied",
        "0002": "applied",
      });
      expect(codeOf(await runEvent(url, MANIFEST, { command: "run" }))).toBe("up_to_date");
      expect(await database.query("select count(*)::int as entries from hj_migration")).toEqual([{ entries: 2 }]);
      await expect.poll(() => database.query(LEFT_BEHIND)).toEqual([]);
    });

    it("in session mode lets one of two runs at once apply", async () => {
      const { database, url } = await setup(serverUrl, { mode: "session" });
      const reports = await Promise.all([1, 2, 3].map(() => runEvent(url, MANIFEST, { command: "run" })));
      expect(reports.map(codeOf).sort()).toEqual(["applied", "up_to_date", "up_to_date"]);
      expect(await database.query("select count(*)::int as entries from hj_migration")).toEqual([{ entries: 2 }]);
    });

    it("in session mode with a single backend is refused: a run could not be stopped", async () => {
      const { database, url } = await setup(serverUrl, { mode: "session", settings: { default_pool_size: "1" } });
      const report = await runEvent(url, MANIFEST, { command: "run" });
      expect(report).toMatchObject({
        failure: { code: "POOLER_DETECTED", message: expect.stringContaining("a pooler that is used up") },
      });
      await expect.poll(() => database.query(LEFT_BEHIND)).toEqual([]);
    });

    it("tells a wrong password as one", async () => {
      const { url } = await setup(serverUrl, { mode: "transaction" });
      const wrong = Object.assign(new URL(url), { password: "wrong" }).href;
      expect(codeOf(await runEvent(wrong, MANIFEST, { command: "status" }))).toBe("AUTHENTICATION_FAILED");
    });
  },
);
