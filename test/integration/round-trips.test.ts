// What a run costs on the line, counted by a proxy, and the names that must not get in its way.
import pg from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import type { CountingProxy } from "../support/counting-proxy.ts";
import { postgresVersions } from "../support/database.ts";
import { runEvent } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import { freshDatabase, freshProxy, journalOf, tablesOf, writesIn } from "../support/workplace.ts";

const RUN = { command: "run" };
const TWENTY = manifestOf(
  Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => {
      const number = String(index + 1).padStart(4, "0");
      return [`${number}_t.up.sql`, `create table t${number} ()`];
    }),
  ),
);

/** What a pooler would leave to the next client of a backend. */
const LASTING = /^(?:set (?!local |transaction )|.*\bset_config\(.*, false\))/m;

/** On a machine that is busy, a migration may take so long that a second session looks who blocks it. */
function withoutLookout({ connections, roundTrips, queries }: ReturnType<CountingProxy["counts"]>) {
  const isOfLookout = (text: string) => text.includes("pg_blocking_pids") || text.includes(" lookout'");
  const looks = queries.filter(isOfLookout).length;
  return {
    connections: connections - (looks > 0 ? 1 : 0),
    roundTrips: roundTrips - looks,
    queries: queries.filter((text) => !isOfLookout(text)),
  };
}

describe.each(postgresVersions)("on the line to PostgreSQL $version", ({ url }) => {
  it.each(["run", "status", "list"])(
    "%s with nothing to do is one connection, one question, no lock, no DDL, and sets nothing that lasts",
    async (command) => {
      const database = await freshDatabase(url);
      await runEvent(database.url, TWENTY, RUN);
      const proxy = await freshProxy(database.url);
      expect((await runEvent(proxy.url, TWENTY, { command })).ok).toBe(true);
      const { connections, roundTrips, queries } = proxy.counts();
      expect(connections).toBe(1);
      expect(roundTrips).toBeLessThanOrEqual(2);
      expect(queries.length).toBeGreaterThan(0);
      expect(queries.length).toBeLessThanOrEqual(2);
      expect(writesIn(queries)).toEqual([]);
      expect(queries.filter((text) => text.includes("advisory"))).toEqual([]);
      expect(queries.filter((text) => LASTING.test(text))).toEqual([]);
    },
  );

  it("twenty migrations are one connection and about one round trip each", async () => {
    const database = await freshDatabase(url);
    const proxy = await freshProxy(database.url);
    expect(await runEvent(proxy.url, TWENTY, RUN)).toMatchObject({ outcome: "applied", counts: { applied: 20 } });
    const { connections, roundTrips, queries } = withoutLookout(proxy.counts());
    expect(connections).toBe(1);
    expect(roundTrips).toBeGreaterThanOrEqual(20);
    expect(roundTrips).toBeLessThanOrEqual(30);
    // The instrument works: what was asked not to be there before is there now.
    expect(writesIn(queries).length).toBeGreaterThanOrEqual(20);
    expect(queries.filter((text) => LASTING.test(text))).not.toEqual([]);
    // The end of the session would do the same, but not behind a pooler, which keeps it.
    expect(queries.at(-1)).toContain("pg_advisory_unlock");
  });

  it("a migration that fails costs one more round trip, its rollback", async () => {
    const database = await freshDatabase(url);
    await runEvent(database.url, manifestOf({ "0001_a.up.sql": "create table a ()" }), RUN);
    const trips = async (sql: string) => {
      const proxy = await freshProxy(database.url);
      const files = manifestOf({ "0001_a.up.sql": "create table a ()", "0002_b.up.sql": sql });
      const { ok } = await runEvent(proxy.url, files, RUN);
      return { ok, ...withoutLookout(proxy.counts()) };
    };
    const failed = await trips("create table a ()");
    const applied = await trips("create table b ()");
    expect([failed.ok, applied.ok]).toEqual([false, true]);
    expect(failed.roundTrips - applied.roundTrips).toBe(1);
    expect(failed.connections).toBe(1);
  });

  it.each([
    ["we\"ird sch'ema", 'jour"nal'],
    ["back\\slash $1 %s", "jour\\nal; --"],
    ["žluťoučký", "kůň 🐎"],
  ])("the schema %s and the journal %s are only names", async (schema, journal) => {
    const database = await freshDatabase(url);
    const quoted = pg.escapeIdentifier(schema);
    await database.query(`create schema ${quoted}`);
    const files = manifestOf({
      "0001_a.up.sql": "create table a (id int)",
      "0002_b.up.sql": "create index concurrently a_id on a (id)",
      "0003_c.up.sql": "-- hj:transaction off\ncreate table c ();\ndrop index concurrently a_id;",
    });
    const options = { schema, journal };
    const report = await runEvent(database.url, files, RUN, options);
    expect(report).toMatchObject({ outcome: "applied", database: { schema }, counts: { applied: 3 } });
    expect(await runEvent(database.url, files, RUN, options)).toMatchObject({ outcome: "up_to_date" });
    expect(await runEvent(database.url, files, { command: "list" }, options)).toMatchObject({ counts: { applied: 3 } });
    const entries = await journalOf(database, `${quoted}.${pg.escapeIdentifier(journal)}`);
    expect(entries.map(({ state }) => state)).toEqual(["applied", "applied", "applied"]);
    expect((await tablesOf(database, schema)).filter((name) => name !== journal)).toEqual(["a", "c"]);
    expect(await tablesOf(database)).toEqual([]);
  });

  it("a database may be called anything", async () => {
    const admin = new pg.Client(url);
    await admin.connect();
    const name = `test "it's" 100% /?#\\ ${process.pid}`;
    const quoted = pg.escapeIdentifier(name);
    // Without force: it fails when a session was left open. Ended sessions are listed for a moment.
    onTestFinished(async () => {
      const sessions = "select pid from pg_stat_activity where datname = $1";
      await expect.poll(async () => (await admin.query(sessions, [name])).rows).toEqual([]);
      await admin.query(`drop database if exists ${quoted}`);
      await admin.end();
    });
    await admin.query(`create database ${quoted}`);
    const address = new URL(url);
    address.pathname = `/${encodeURIComponent(name)}`;
    const files = manifestOf({ "0001_a.up.sql": "create table a ()" });
    const report = await runEvent(address.href, files, RUN);
    expect(report).toMatchObject({ outcome: "applied", counts: { applied: 1 } });
    const shown = new URL(report.database?.url ?? "");
    expect([decodeURIComponent(shown.pathname), shown.password]).toEqual([`/${name}`, "***"]);
    expect(await runEvent(address.href, files, RUN)).toMatchObject({ outcome: "up_to_date" });
  });
});
