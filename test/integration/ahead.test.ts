// The next migration is sent while the server is at work on the one before it: what must not come of that.
import { describe, expect, it } from "vitest";
import { send, sqlStateOf } from "../../src/engine/message.ts";
import { askAhead } from "../../src/engine/open-journal.ts";
import type { Session } from "../../src/engine/open-session.ts";
import type { Target } from "../../src/engine/target.ts";
import { postgresVersions, type TestDatabase } from "../support/database.ts";
import { runEvent, statuses } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import { catalogOf, engineSessionsOf, freshDatabase, freshProxy, openSession, tablesOf } from "../support/workplace.ts";

const RUN = { command: "run" };
/** Waits until a test opens this gate; for no lock, so that no time-out of one ends it. */
const atGate = (gate: number) =>
  `do $$ begin while not exists (select from gate.opened where number = ${gate}) loop perform pg_sleep(0.01); end loop; end $$`;
const BEHIND_A_GATE = manifestOf({
  "0001_a.up.sql": `${atGate(1)}; create table a ()`,
  "0002_b.up.sql": "create table b ()",
  "0003_c.up.sql": "create table c ()",
});

async function gatedDatabase(serverUrl: string): Promise<TestDatabase> {
  const database = await freshDatabase(serverUrl);
  await database.query("create schema gate; create table gate.opened (number int)");
  return database;
}

async function open(database: TestDatabase, gate: number): Promise<void> {
  await database.query(`insert into gate.opened values (${gate})`);
}

async function untilItWaits(database: TestDatabase): Promise<void> {
  await expect.poll(async () => (await engineSessionsOf(database)).map(({ waits }) => waits)).toContain("Timeout");
}

describe.each(postgresVersions)("a migration sent ahead on PostgreSQL $version", ({ url: serverUrl }) => {
  it("is with the server before the one before it is done, and no third one is", async () => {
    const database = await gatedDatabase(serverUrl);
    const proxy = await freshProxy(database.url);
    const running = runEvent(proxy.url, BEHIND_A_GATE, RUN);
    await untilItWaits(database);
    await expect.poll(() => proxy.counts().queries.some((text) => text.includes("create table b"))).toBe(true);
    expect(proxy.counts().queries.some((text) => text.includes("create table c"))).toBe(false);
    expect(await tablesOf(database)).toEqual([]);
    await open(database, 1);
    expect(await running).toMatchObject({ outcome: "applied", counts: { applied: 3 } });
    // Of one attempt each: nothing was sent twice.
    expect(proxy.counts().queries.filter((text) => text.includes("create table"))).toHaveLength(4);
  });

  it("waits at home where there is not time for both to take all of theirs", async () => {
    const database = await gatedDatabase(serverUrl);
    const answered: number[] = [];
    const proxy = await freshProxy(database.url, {
      onQuery: (text) => /create table [ab] /.test(text) && answered.push(proxy.counts().roundTrips),
    });
    const both = { ...RUN, timeout: "30s" };
    await open(database, 1);
    await runEvent(proxy.url, BEHIND_A_GATE, both, { remainingMs: () => 60_000 });
    await database.query("drop table a, b, c, hj_migration");
    await runEvent(proxy.url, BEHIND_A_GATE, both, { remainingMs: () => 80_000 });
    const [waits = 0, thenSent = 0, goes = 0, sentAhead = 0] = answered;
    expect([thenSent - waits, sentAhead - goes]).toEqual([1, 0]);
  });

  it.each([
    ["in a statement", "select 1 / 0"],
    ["in its commit", "create table d (id int unique deferrable initially deferred); insert into d values (1), (1)"],
  ])("does nothing when the one before it fails %s", async (_where, sql) => {
    const database = await freshDatabase(serverUrl);
    const files = manifestOf({
      "0001_a.up.sql": "create table a ()",
      "0002_b.up.sql": sql,
      "0003_c.up.sql": "create table c ()",
    });
    const proxy = await freshProxy(database.url);
    const report = await runEvent(proxy.url, files, RUN);
    expect(report).toMatchObject({ outcome: "failed", failure: { code: "STATEMENT_FAILED" }, counts: { applied: 1 } });
    expect(statuses(report)).toEqual({ "0001": "applied", "0002": "failed", "0003": "not_reached" });
    expect(await tablesOf(database)).toEqual(["a"]);
    // It was there, and was not done.
    expect(proxy.counts().queries.some((text) => text.includes("create table c"))).toBe(true);
  });

  it("is stopped with the one before it", async () => {
    const database = await gatedDatabase(serverUrl);
    const proxy = await freshProxy(database.url);
    const stopping = new AbortController();
    const running = runEvent(proxy.url, BEHIND_A_GATE, RUN, { signal: stopping.signal });
    await untilItWaits(database);
    await expect.poll(() => proxy.counts().queries.some((text) => text.includes("create table b"))).toBe(true);
    stopping.abort();
    const report = await running;
    expect(report).toMatchObject({ outcome: "failed", failure: { code: "CANCELLED", details: { version: "0001" } } });
    expect(statuses(report)).toEqual({ "0001": "failed", "0002": "not_reached", "0003": "not_reached" });
    expect(await tablesOf(database)).toEqual([]);
  });

  it("is sent again where a cancel that came too late for the one before it has hit it", async () => {
    const database = await gatedDatabase(serverUrl);
    const files = manifestOf({
      "0001_a.up.sql": `-- hj:timeout 1s\n${atGate(1)}; create table a ()`,
      "0002_b.up.sql": `${atGate(2)}; create table b ()`,
    });
    const held = Promise.withResolvers<void>();
    const proxy = await freshProxy(database.url, {
      onQuery: (text) => {
        if (!text.includes("pg_cancel_backend")) return;
        proxy.hold();
        held.resolve();
      },
    });
    const running = runEvent(proxy.url, files, RUN);
    await held.promise;
    await open(database, 1);
    await expect.poll(() => tablesOf(database)).toEqual(["a"]);
    await untilItWaits(database);
    proxy.release();
    const sent = () => proxy.counts().queries.filter((text) => text.includes("create table b"));
    await expect.poll(sent).toHaveLength(2);
    await open(database, 2);
    const report = await running;
    expect(report).toMatchObject({ outcome: "applied", migrations: [{ attempts: 1 }, { attempts: 2 }] });
  });

  it("is in doubt with the one before it where the connection is lost for good", async () => {
    const database = await gatedDatabase(serverUrl);
    const proxy = await freshProxy(database.url);
    const running = runEvent(proxy.url, BEHIND_A_GATE, RUN, { databaseWait: "1s" });
    await untilItWaits(database);
    await expect.poll(() => proxy.counts().queries.some((text) => text.includes("create table b"))).toBe(true);
    proxy.freeze("replies");
    await open(database, 1);
    // Both are done, and nobody is told.
    await expect.poll(() => tablesOf(database)).toEqual(["a", "b"]);
    await proxy.close();
    const report = await running;
    expect(report).toMatchObject({ ok: false, failure: { code: "CONNECTION_LOST", details: { version: "0001" } } });
    expect(statuses(report)).toEqual({ "0001": "in_doubt", "0002": "in_doubt", "0003": "not_reached" });
  });
});

describe.each(postgresVersions)(
  "a journal that is made behind the question for the lock on PostgreSQL $version",
  ({ url }) => {
    it("is made by a session that got its settings and the lock, and by no other", async () => {
      const database = await freshDatabase(url);
      const connection = await openSession(database.url);
      const [backend] = (await connection.query("select pg_backend_pid() as pid")).rows;
      const session = {
        connection,
        applicationName: "hellojohn",
        facts: { backendPid: backend.pid },
      } as unknown as Session;
      const target = { schema: "public", journal: "hj_migration" } as Target;
      const isMade = async () => (await catalogOf(database)).some((object) => object.includes("hj_migration"));
      const asked = async () => {
        const before = send(connection, "select 1");
        const { error } = await askAhead(session, target, false);
        await before;
        return [sqlStateOf(error), await isMade()];
      };
      expect(await asked()).toEqual(["22012", false]);
      await connection.query("set application_name = 'hellojohn'");
      expect(await asked()).toEqual([null, true]);
    });
  },
);
