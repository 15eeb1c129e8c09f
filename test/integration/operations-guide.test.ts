// The SQL of the operations guide on a real PostgreSQL: each statement runs, finds what it is there to find, and the grants are
// enough and no more.
import pg from "pg";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Manifest } from "../../src/migration/manifest.ts";
import { postgresVersions, type TestDatabase } from "../support/database.ts";
import { blocksIn, readDocument } from "../support/documents.ts";
import { helloJohnManifest, runEvent } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import { rehearsedManifest } from "../support/rehearsed-manifest.ts";
import { freshDatabase, freshRole, openSession, openTransaction, type TestRole } from "../support/workplace.ts";

const GRANTS = "PostgreSQL grants";
const SQL = blocksIn(readDocument("docs/operations.md")).filter(({ language }) => language === "sql");

/** The one block under a heading that holds this text. */
function sql(heading: string, holding = ""): string {
  const found = SQL.filter((block) => block.heading === heading && block.text.includes(holding));
  if (found.length !== 1) throw new Error(`${found.length} blocks under ${heading} hold ${holding}`);
  return found[0]?.text ?? "";
}

let helloJohn: Manifest;
beforeAll(async () => {
  helloJohn = await rehearsedManifest(await helloJohnManifest(), postgresVersions[0]?.url ?? "");
});

/** A run that waits for a table until the test is over, and the database it is in. */
async function runThatWaits(url: string) {
  const database = await freshDatabase(url);
  await runEvent(database.url, manifestOf({ "0001_a.up.sql": "create table a (id int)" }), { command: "run" });
  const blocker = await openTransaction(database.url, "select from a");
  const stop = new AbortController();
  const files = { "0001_a.up.sql": "create table a (id int)", "0002_b.up.sql": "alter table a add b int" };
  const run = runEvent(database.url, manifestOf(files), { command: "run" }, { signal: stop.signal });
  onTestFinished(async () => {
    stop.abort();
    await run;
    await blocker.end();
  });
  const pid: number = (
    await database.query(
      "select pid from pg_stat_activity where application_name = 'bystander' and datname = current_database()",
    )
  )[0].pid;
  return { database, blocker, pid, run };
}

describe.each(postgresVersions)("on PostgreSQL $version, the guide's SQL", ({ url }) => {
  it("says who holds the run lock, and nobody when nobody does", async () => {
    const { database, pid, run } = await runThatWaits(url);
    const look = () => database.query(sql("The lock is held"));
    await expect.poll(look).toMatchObject([{ application_name: expect.stringMatching(/^hellojohn-migrate /) }]);
    await database.query(sql("Lock time-out", "pg_terminate_backend").replace("12345", String(pid)));
    expect(await run).toMatchObject({ outcome: "applied" });
    await expect.poll(look).toEqual([]);
  });

  it("says who waits for whom, and who is connected", async () => {
    const { database, pid } = await runThatWaits(url);
    await expect
      .poll(() => database.query(sql("Lock time-out", "pg_blocking_pids")))
      .toMatchObject([{ blocked_by: pid, its_application: "bystander", state: "idle in transaction" }]);
    const connected = await database.query(sql("Who is connected"));
    expect(connected).toContainEqual(expect.objectContaining({ pid, application_name: "bystander" }));
  });

  it("finds an invalid index, and drops it; an index that is being built is seen", async () => {
    const database = await freshDatabase(url);
    await database.query("create table a (id int); insert into a values (1), (1)");
    await expect(database.query("create unique index concurrently idx_left_over on a (id)")).rejects.toThrow(
      "idx_left_over",
    );
    const invalid = () => database.query(sql("An invalid index", "indisvalid"));
    expect(await invalid()).toMatchObject([{ index: "idx_left_over", on_table: "a" }]);
    const writer = await openTransaction(database.url, "insert into a values (2)");
    const builder = await openSession(database.url);
    const building = builder.query("create index concurrently idx_slow on a (id)").catch(() => undefined);
    // The build waits for the writer, who does not know of the index.
    await expect
      .poll(() => database.query(sql("An invalid index", "pg_stat_progress")))
      .toMatchObject([{ index: "idx_slow" }]);
    await writer.query("rollback");
    await building;
    await Promise.all([writer.end(), builder.end()]);
    await database.query(sql("An invalid index", "drop index"));
    expect(await invalid()).toEqual([]);
  });

  it("shows the journal, and what TLS a session has", async () => {
    const database = await freshDatabase(url);
    await runEvent(database.url, helloJohn, { command: "run" });
    expect(await database.query(sql("An edited migration"))).toHaveLength(helloJohn.migrations.length);
    expect(await database.query(sql("TLS"))).toEqual([{ ssl: false, version: null, cipher: null }]);
  });
});

/** The roles that the guide creates, in a database where nobody has a right by default. */
async function grantedDatabase(url: string) {
  const roles = { migrator: await freshRole(url), reader: await freshRole(url), application: await freshRole(url) };
  const database = await freshDatabase(url);
  await database.query(`revoke all on database ${database.name} from public; revoke all on schema public from public`);
  const grant = (holding: string) => database.query(adapted(sql(GRANTS, holding), database, roles));
  return { database, grant, ...roles };
}

/** With names that no other test uses; those roles can log in already, with a password. */
function adapted(text: string, database: TestDatabase, roles: Readonly<Record<string, TestRole>>): string {
  const own = Object.entries(roles).reduce((done, [name, role]) => done.replaceAll(`hj_${name}`, role.name), text);
  return own
    .replaceAll(/^create role \w+ login;$/gm, "")
    .replaceAll("database hellojohn ", `database ${database.name} `);
}

async function as(role: TestRole, database: TestDatabase, statement: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: role.urlOf(database.url) });
  await client.connect();
  try {
    return await client.query(statement);
  } finally {
    await client.end();
  }
}

const DENIED = /permission denied/;

describe.each(postgresVersions)("on PostgreSQL $version, the guide's grants", ({ url }) => {
  it("are enough to migrate, to roll back, to look, and to serve; and no more than that", async () => {
    const { database, grant, migrator, reader, application } = await grantedDatabase(url);
    const send = (role: TestRole, command: string, options = {}) =>
      runEvent(role.urlOf(database.url), helloJohn, { command }, options);
    expect(await send(migrator, "run")).toMatchObject({ failure: { code: "PERMISSION_DENIED" } });

    await grant("create role hj_migrator");
    await grant("create role hj_application");
    expect(await send(migrator, "run")).toMatchObject({ outcome: "applied", warnings: [] });
    expect(await send(migrator, "validate")).toMatchObject({ outcome: "valid" });
    const own = manifestOf({ "1_a.up.sql": "create table a (id int)", "1_a.down.sql": "drop table a" });
    for (const command of ["run", "rollback"])
      expect(await runEvent(migrator.urlOf(database.url), own, { command }, { journal: "other" })).toMatchObject({
        ok: true,
      });

    expect(await send(reader, "status")).toMatchObject({ failure: { code: "PERMISSION_DENIED" } });
    await grant("create role hj_reader");
    for (const command of ["status", "list", "validate"])
      expect(await send(reader, command)).toMatchObject({ ok: true });
    await expect(as(reader, database, "select * from hj_user")).rejects.toThrow(DENIED);
    await expect(as(reader, database, "create table t ()")).rejects.toThrow(DENIED);

    await as(application, database, "insert into hj_user (id, email) values ('1', 'a@example.com')");
    await expect(as(application, database, "create table t ()")).rejects.toThrow(DENIED);
    await expect(as(application, database, "alter table hj_user add t int")).rejects.toThrow("must be owner");
    await as(application, database, "delete from hj_migration where false");
    await grant("revoke all on hj_migration");
    await expect(as(application, database, "select * from hj_migration")).rejects.toThrow(DENIED);
  });

  it("hand over a table that another role has made", async () => {
    const { database, grant, migrator } = await grantedDatabase(url);
    await grant("create role hj_migrator");
    await database.query("create table legacy (id int)");
    const files = manifestOf({ "1_a.up.sql": "alter table legacy add a int" });
    const run = () => runEvent(migrator.urlOf(database.url), files, { command: "run" });
    expect(await run()).toMatchObject({ failure: { code: "STATEMENT_FAILED" } });
    await grant("alter table legacy");
    expect(await run()).toMatchObject({ outcome: "applied" });
  });

  it("let the migrator see others' transactions, and end them, where it is given that", async () => {
    const { database, grant, migrator } = await grantedDatabase(url);
    await grant("create role hj_migrator");
    await grant("pg_read_all_stats");
    const [{ rights }] = await database.query(
      `select array[pg_has_role('${migrator.name}', 'pg_read_all_stats', 'member'), pg_has_role('${migrator.name}', 'pg_signal_backend', 'member')] as rights`,
    );
    expect(rights).toEqual([true, true]);
  });
});

it("no SQL of the guide is left out of these tests", () => {
  const tested = [
    ["The lock is held", ""],
    ["Lock time-out", "pg_terminate_backend"],
    ["Lock time-out", "pg_blocking_pids"],
    ["An invalid index", "indisvalid"],
    ["An invalid index", "pg_stat_progress"],
    ["An invalid index", "drop index"],
    ["An edited migration", ""],
    ["TLS", ""],
    ["Who is connected", ""],
    [GRANTS, "create role hj_reader"],
    [GRANTS, "create role hj_migrator"],
    [GRANTS, "create role hj_application"],
    [GRANTS, "alter table legacy"],
    [GRANTS, "revoke all on hj_migration"],
    [GRANTS, "pg_read_all_stats"],
  ] as const;
  expect(new Set(tested.map(([heading, holding]) => sql(heading, holding)))).toEqual(
    new Set(SQL.map(({ text }) => text)),
  );
});
