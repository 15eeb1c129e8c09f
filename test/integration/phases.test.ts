// Expand and contract on real servers: what waits, what applies it, and what the other commands make of it meanwhile.
import { beforeAll, describe, expect, it } from "vitest";
import type { Report } from "../../src/engine/report-schema.ts";
import type { Manifest } from "../../src/migration/manifest.ts";
import { postgresVersions, type TestDatabase } from "../support/database.ts";
import { olderBuild, type RunOptions, runEvent, statuses } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import { rehearsedManifest } from "../support/rehearsed-manifest.ts";
import { freshDatabase, freshProxy, journalOf } from "../support/workplace.ts";

const RUN = { command: "run" };
const CONTRACT = { command: "run", phase: "contract" };
const ALL = { command: "run", phase: "all" };

// 0004 changes what 0003 changes too: as long as that waits, the column is neither as before nor as in order of version.
const FILES = manifestOf({
  "0001_a.up.sql": "create table a (id int primary key, name text, mail text);",
  "0002_full_name.up.sql": "alter table a add column full_name text;",
  "0003_no_name.up.sql":
    "-- hj:phase contract after 0002\nalter table a drop column name;\nalter table a alter column mail set not null;",
  "0003_no_name.down.sql": "alter table a alter column mail drop not null;\nalter table a add column name text;",
  "0004_mail.up.sql": "alter table a alter column mail set default 'none';",
});

describe.each(postgresVersions)("expand and contract on PostgreSQL $version", ({ url }) => {
  let build: Manifest;
  beforeAll(async () => {
    build = await rehearsedManifest(FILES, url);
  });

  /** A database in which 0001 was there before, and the others come with the next run. */
  async function setup() {
    const database = await freshDatabase(url);
    const send = (event: object, options?: RunOptions, manifest = build) =>
      runEvent(database.url, manifest, event, options);
    await send(RUN, {}, olderBuild(build, 1));
    return { database, send };
  }

  it("a run leaves a contract migration, the one after the next deploy applies it", async () => {
    const { database, send } = await setup();
    const expand = await send(RUN);
    expect(expand).toMatchObject({
      outcome: "applied",
      schemaVersion: { after: "0004" },
      counts: { applied: 3, pending: 1 },
      migrations: [
        { version: "0002", status: "applied", phase: "expand" },
        { version: "0004", status: "applied", phase: "expand" },
        { version: "0003", status: "pending", phase: "contract" },
      ],
    });
    expect(waits(expand)).toEqual([["0003", expect.stringContaining("hj migrations run --phase contract")]]);
    expect(await columnsOf(database)).toContain("name");
    const contract = await send(CONTRACT);
    expect(contract).toMatchObject({ outcome: "applied", schemaVersion: { after: "0004" }, warnings: [] });
    expect(statuses(contract)).toEqual({ "0003": "applied" });
    expect(await columnsOf(database)).toEqual(["full_name", "id", "mail"]);
    const journal = await journalOf(database);
    expect(journal.map(({ version, batch, phase }) => [version, batch, phase])).toEqual([
      ["0001", 1, "expand"],
      ["0002", 2, "expand"],
      ["0004", 2, "expand"],
      ["0003", 3, "contract"],
    ]);
    expect(await send(ALL)).toMatchObject({ outcome: "up_to_date", migrations: [], warnings: [] });
    expect(await send({ command: "validate" })).toMatchObject({ outcome: "valid", drift: [] });
  });

  it("what waits is told, is no drift, and holds nothing up", async () => {
    const { database, send } = await setup();
    await send(RUN);
    const status = await send({ command: "status" });
    expect(status).toMatchObject({
      outcome: "up_to_date",
      counts: { pending: 1 },
      migrations: [{ version: "0003", status: "pending", phase: "contract" }],
    });
    expect(waits(status)).toEqual([["0003", expect.stringContaining("hj migrations run --phase contract")]]);
    const again = await send(RUN);
    expect(again).toMatchObject({ outcome: "up_to_date", migrations: [{ version: "0003", status: "pending" }] });
    expect(waits(again)).toHaveLength(1);
    expect(await send({ ...CONTRACT, dryRun: true })).toMatchObject({
      outcome: "would_apply",
      migrations: [{ version: "0003", status: "would_apply" }],
    });
    expect(await send({ command: "validate" })).toMatchObject({ outcome: "valid", drift: [] });
    await database.query("alter table a drop column name");
    expect(await send({ command: "validate" })).toMatchObject({
      outcome: "drifted",
      drift: [{ kind: "missing", because: "dropped", object: { name: "name" } }],
    });
  });

  it("what waits costs a run with nothing to do neither the lock nor a look at the schema", async () => {
    const { database, send } = await setup();
    await send(RUN);
    const proxy = await freshProxy(database.url);
    expect(await runEvent(proxy.url, build, RUN)).toMatchObject({ outcome: "up_to_date" });
    expect(proxy.counts().queries.join()).not.toMatch(/advisory_lock|pg_get_indexdef/);
  });

  it("a run does not apply what comes after a migration of its own, also when it is asked for all", async () => {
    const { database, send } = await setup();
    const all = await send(ALL);
    expect(statuses(all)).toEqual({ "0002": "applied", "0004": "applied", "0003": "pending" });
    expect(waits(all)).toEqual([
      ["0003", expect.stringContaining("0002_full_name, which it comes after, is of this very run")],
    ]);
    expect(await columnsOf(database)).toContain("name");
    expect(statuses(await send(ALL))).toEqual({ "0003": "applied" });
  });

  it("a contract run before the expand run does nothing, and says what is to be run first", async () => {
    const { send } = await setup();
    const report = await send(CONTRACT);
    expect(report).toMatchObject({ ok: true, outcome: "pending", counts: { applied: 1, pending: 3 } });
    expect(waits(report)).toEqual([
      ["0002", expect.stringContaining("hj migrations run applies it")],
      ["0003", expect.stringContaining("waits for 0002_full_name, which is not applied")],
      ["0004", expect.stringContaining("hj migrations run applies it")],
    ]);
  });

  it("an empty database gets all of it, in order of version, also across a deadline", async () => {
    const database = await freshDatabase(url);
    const first = await runEvent(database.url, build, RUN, endingWith("0002"));
    expect(statuses(first)).toEqual({
      "0001": "applied",
      "0002": "applied",
      "0003": "not_reached",
      "0004": "not_reached",
    });
    const next = await runEvent(database.url, build, { ...RUN, continuation: continuationOf(first) });
    expect(next).toMatchObject({ outcome: "applied", warnings: [] });
    expect((await journalOf(database)).map(({ version, batch }) => [version, batch])).toEqual([
      ["0001", 1],
      ["0002", 1],
      ["0003", 1],
      ["0004", 1],
    ]);
    expect(await columnsOf(database)).toEqual(["full_name", "id", "mail"]);
    expect(await runEvent(database.url, build, { command: "validate" })).toMatchObject({ outcome: "valid", drift: [] });
  });

  it("a run that goes on after a deadline keeps to its phase, and does not take its own work for older", async () => {
    const { send } = await setup();
    const first = await send(ALL, endingWith("0002"));
    expect(statuses(first)).toEqual({ "0002": "applied", "0004": "not_reached", "0003": "pending" });
    const next = await send({ ...ALL, continuation: continuationOf(first) });
    expect(next.runId).toBe(first.runId);
    expect(statuses(next)).toEqual({ "0004": "applied", "0003": "pending" });
    expect(waits(next)).toEqual(waits(first));
  });

  it("a contract migration that was cut half way is gone on with by any run", async () => {
    const files = manifestOf({
      "0001_a.up.sql": "create table a (id int, name text);",
      "0002_b.up.sql": "create table b (id int);",
      "0003_c.up.sql":
        "-- hj:phase contract after 0001\n-- hj:transaction off\nalter table a drop column name;\nselect 1 / count(*) from b;",
    });
    const database = await freshDatabase(url);
    await runEvent(database.url, olderBuild(files, 2), RUN);
    const failed = await runEvent(database.url, files, CONTRACT);
    expect(failed).toMatchObject({ outcome: "failed", counts: { started: 1 } });
    expect(await runEvent(database.url, files, { command: "status" })).toMatchObject({ outcome: "pending" });
    await database.query("insert into b values (1)");
    expect(statuses(await runEvent(database.url, files, RUN))).toEqual({ "0003": "applied" });
  });

  it("a batch of contract migrations is taken back alone, and waits again", async () => {
    const { database, send } = await setup();
    await send(RUN);
    await send(CONTRACT);
    const rollback = await send({ command: "rollback" });
    expect(statuses(rollback)).toEqual({ "0003": "rolled_back" });
    expect(rollback).toMatchObject({ counts: { applied: 3, pending: 1 }, migrations: [{ phase: "contract" }] });
    expect(await columnsOf(database)).toContain("name");
    expect(await send(RUN)).toMatchObject({
      outcome: "up_to_date",
      migrations: [{ version: "0003", status: "pending" }],
    });
    expect(statuses(await send(CONTRACT))).toEqual({ "0003": "applied" });
  });

  it("a lost journal is found again where a contract migration waits, and where none does", async () => {
    const { database, send } = await setup();
    await send(RUN);
    await database.query("drop table hj_migration");
    expect(statuses(await send({ command: "adopt", dryRun: true }))).toEqual({
      "0001": "would_adopt",
      "0002": "would_adopt",
      "0003": "pending",
      "0004": "would_adopt",
    });
    const adopted = await send({ command: "adopt" });
    expect(adopted).toMatchObject({ outcome: "adopted", counts: { applied: 3, pending: 1 } });
    expect(waits(adopted)).toEqual([["0003", expect.stringContaining("hj migrations run --phase contract")]]);
    expect(statuses(await send(CONTRACT))).toEqual({ "0003": "applied" });
    await database.query("drop table hj_migration");
    expect(await send({ command: "adopt" })).toMatchObject({
      outcome: "adopted",
      counts: { applied: 4 },
      warnings: [],
    });
    expect((await journalOf(database)).map(({ phase }) => phase)).toEqual(["expand", "expand", "contract", "expand"]);
  });

  it("an operator's word about a contract migration is recorded as one", async () => {
    const { database, send } = await setup();
    await send(RUN);
    await send({ command: "resolve", version: "0003", as: "applied" });
    expect((await journalOf(database)).at(-1)).toMatchObject({ version: "0003", phase: "contract" });
    expect(await send(RUN)).toMatchObject({ outcome: "up_to_date", migrations: [] });
  });
});

function waits({ warnings }: Report): readonly (readonly [string | undefined, string])[] {
  return warnings.flatMap(({ code, version, message }) =>
    code === "MIGRATION_WAITS" ? [[version, message] as const] : [],
  );
}

async function columnsOf(database: TestDatabase): Promise<readonly string[]> {
  const rows = await database.query<{ name: string }>(
    "select attname as name from pg_attribute where attrelid = 'a'::regclass and attnum > 0 and not attisdropped order by 1",
  );
  return rows.map(({ name }) => name);
}

/** An invocation whose time is over behind this migration. */
function endingWith(version: string): RunOptions {
  let left = 60_000;
  return {
    remainingMs: () => left,
    onProgress: (progress) => {
      if (progress.kind === "migration_started" && progress.version === version) left = 0;
    },
  };
}

function continuationOf(report: Report): string {
  if (report.outcome !== "incomplete") throw new Error(`not incomplete: ${JSON.stringify(report)}`);
  return report.continuation;
}
