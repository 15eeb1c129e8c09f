// `resolve`: an operator says what no run can find out. What is recorded, what stays, and that the way out leads out.
import { describe, expect, it } from "vitest";
import type { Report } from "../../src/engine/report-schema.ts";
import type { Manifest } from "../../src/migration/manifest.ts";
import { postgresVersions } from "../support/database.ts";
import { olderBuild, type RunOptions, runEvent, statuses } from "../support/engine.ts";
import { implausibleTurns } from "../support/journal-story.ts";
import { manifestOf } from "../support/manifest.ts";
import { catalogOf, freshDatabase, freshProxy, type JournalRow, journalOf, tablesOf } from "../support/workplace.ts";

const FILES = {
  "0001_one.up.sql": "create table one (id integer primary key);",
  "0001_one.down.sql": "drop table one;",
  "0002_two.up.sql": "create table two (id integer references one (id));",
  "0002_two.down.sql": "drop table two;",
  "0003_three.up.sql": "create table three ();",
  "0003_three.down.sql": "drop table three;",
};

const EDITED = { ...FILES, "0001_one.up.sql": "create table one (id bigint primary key);" };

/** Stops at its second statement of three. */
const HALT = {
  ...FILES,
  "0002_two.up.sql":
    "-- hj:transaction off\ncreate table two ();\ninsert into needed default values;\ncreate table two_more ();",
  "0002_two.down.sql": "drop table two;",
};

/** Going back stops at the second statement of its down. */
const HALFWAY = {
  ...FILES,
  "0002_two.up.sql": "create table two (id integer);\ncreate table two_more (id integer);",
  "0002_two.down.sql": "-- hj:transaction off\ndrop table two_more;\ndrop table two;",
};

describe.each(postgresVersions)("resolving on PostgreSQL $version", ({ url: serverUrl }) => {
  async function setup() {
    const database = await freshDatabase(serverUrl);
    return {
      database,
      send: (build: Manifest, event: unknown, options?: RunOptions) => runEvent(database.url, build, event, options),
      journal: () => journalOf(database),
      tables: () => tablesOf(database),
      everything: async () => ({ catalog: await catalogOf(database), journal: await journalOf(database) }),
    };
  }

  type Setup = Awaited<ReturnType<typeof setup>>;

  it("that is cut off behind its commit does not say that nothing was changed", async () => {
    const { database, journal } = await setup();
    let readings = 0;
    const proxy = await freshProxy(database.url, {
      onQuery: (text) => {
        if (/^copy .* to stdout$/.test(text) && ++readings === 1) proxy.sever();
      },
    });
    const report = await runEvent(proxy.url, manifestOf(FILES), { command: "resolve", version: "0001", as: "applied" });
    expect(report).toMatchObject({
      failure: { code: "CONNECTION_LOST", hint: expect.stringContaining("was recorded") },
    });
    expect(await journal()).toMatchObject([{ version: "0001", state: "applied" }]);
  });

  async function started() {
    const bundle = await setup();
    const build = manifestOf(HALT);
    expect(await bundle.send(build, { command: "run" })).toMatchObject({ outcome: "failed" });
    return { ...bundle, build };
  }

  async function halfRolledBack() {
    const bundle = await setup();
    const build = manifestOf(HALFWAY);
    await bundle.send(olderBuild(build, 2), { command: "run" });
    await bundle.database.query("create view guard as select id from two");
    expect(await bundle.send(build, { command: "rollback" })).toMatchObject({ outcome: "failed" });
    return { ...bundle, build };
  }

  async function applied(files: Readonly<Record<string, string>>) {
    const bundle = await setup();
    const build = manifestOf(files);
    await bundle.send(build, { command: "run" });
    return { ...bundle, build };
  }

  /** Resolves after a dry run that writes nothing, and checks that no entry was lost or has another state. */
  async function resolve({ everything, journal, send }: Setup, build: Manifest, version: string, as: string) {
    const before = await everything();
    const dry = await send(build, { command: "resolve", version, as, dryRun: true });
    expect(dry).toMatchObject({ ok: true, outcome: "would_resolve", dryRun: true });
    expect(await everything()).toEqual(before);
    const report = await send(build, { command: "resolve", version, as });
    expect(report).toMatchObject({ ok: true, outcome: "resolved", resolution: resolutionOf(dry) });
    const entries = await journal();
    const asItWas = ({ is_current: _, ...rest }: JournalRow) => rest;
    expect(entries.slice(0, -1).map(asItWas)).toEqual(before.journal.map(asItWas));
    return { report, entries, newest: entries.at(-1) };
  }

  describe("a started migration", () => {
    it("as applied: it is done, and the next run goes on behind it", async () => {
      const bundle = await started();
      const { build, journal, send, tables } = bundle;
      const { entries, newest, report } = await resolve(bundle, build, "0002", "applied");
      expect(resolutionOf(report)).toBe(
        "Records 0002_two as applied, without running it. It is started, 1 of its statements done now.",
      );
      expect(report).toMatchObject({
        schemaVersion: { before: "0001", after: "0002" },
        counts: { applied: 2, pending: 1, started: 0 },
        migrations: [{ version: "0002", status: "applied" }],
      });
      expect(entries.map(({ version, state, is_current }) => [version, state, is_current])).toEqual([
        ["0001", "applied", true],
        ["0002", "started", false],
        ["0002", "applied", true],
      ]);
      expect(newest).toMatchObject({ batch: 1, resolution: "applied", run_id: report.runId });
      expect(newest?.finished_at).not.toBeNull();
      expect(await send(build, { command: "run" })).toMatchObject({
        outcome: "applied",
        migrations: [{ version: "0003", batch: 2 }],
      });
      expect(await tables()).toEqual(["one", "three", "two"]);
      expect((await journal()).at(-1)).toMatchObject({ version: "0003", state: "applied" });
    });

    it("as applied: it can be rolled back with the down that the build ships", async () => {
      const bundle = await started();
      const { build, send, tables } = bundle;
      await resolve(bundle, build, "0002", "applied");
      expect(await send(build, { command: "rollback" })).toMatchObject({
        outcome: "rolled_back",
        migrations: [{ version: "0002" }, { version: "0001" }],
      });
      expect(await tables()).toEqual([]);
    });

    it("as rolled back: the next run begins it anew", async () => {
      const bundle = await started();
      const { build, database, send, tables } = bundle;
      // What an operator does before saying so.
      await database.query("drop table two; create table needed ()");
      const { entries, newest, report } = await resolve(bundle, build, "0002", "rolled_back");
      expect(resolutionOf(report)).toContain("Records 0002_two as rolled back, without running its down.");
      expect(entries.map(({ version, state, is_current }) => [version, state, is_current])).toEqual([
        ["0001", "applied", true],
        ["0002", "started", false],
        ["0002", "rolled_back", false],
      ]);
      expect(newest).toMatchObject({ batch: 1, resolution: "rolled_back" });
      expect(statuses(await send(build, { command: "status" }))).toEqual({ "0002": "pending", "0003": "pending" });
      const numbers: number[] = [];
      const again = await send(
        build,
        { command: "run" },
        { onProgress: (progress) => progress.kind === "statement_started" && numbers.push(progress.number) },
      );
      expect(again).toMatchObject({
        outcome: "applied",
        migrations: [{ version: "0002", batch: 2 }, { version: "0003" }],
      });
      expect(numbers).toEqual([1, 2, 3]);
      expect(await tables()).toContain("two_more");
    });

    it("as checksum: its file was mended, and the next run goes on behind what is done", async () => {
      const bundle = await started();
      const { send, tables } = bundle;
      const mended = manifestOf({ ...HALT, "0002_two.up.sql": HALT["0002_two.up.sql"].replace("needed", "one") });
      const corrected = manifestOf({
        ...HALT,
        "0002_two.up.sql": HALT["0002_two.up.sql"].replace("needed default values", "one values (1)"),
      });
      expect(await send(mended, { command: "run" })).toMatchObject({
        outcome: "refused",
        problems: [{ code: "CHECKSUM_CHANGED", version: "0002" }],
      });
      const { newest } = await resolve(bundle, corrected, "0002", "checksum");
      expect(newest).toMatchObject({ state: "started", is_current: true, statements_done: 1, batch: 1 });
      expect(await send(corrected, { command: "run" })).toMatchObject({ outcome: "applied", counts: { applied: 3 } });
      expect(await tables()).toEqual(["one", "three", "two", "two_more"]);
    });

    it("as checksum: its file lost the statements that were still to come, and then it is applied", async () => {
      const bundle = await started();
      const { journal, send } = bundle;
      const shortened = manifestOf({ ...HALT, "0002_two.up.sql": "-- hj:transaction off\ncreate table two ();\n" });
      await resolve(bundle, shortened, "0002", "checksum");
      const report = await send(shortened, { command: "run" });
      expect(report).toMatchObject({ outcome: "applied", counts: { applied: 3, started: 0 } });
      expect(
        (await journal()).filter((entry) => entry.is_current).map(({ version, state }) => [version, state]),
      ).toEqual([
        ["0001", "applied"],
        ["0002", "applied"],
        ["0003", "applied"],
      ]);
      expect(await send(shortened, { command: "run" })).toMatchObject({ outcome: "up_to_date" });
    });

    it("as checksum: its file is transactional now, which is refused, or leads out", async () => {
      const bundle = await started();
      const { everything, journal, send } = bundle;
      const transactional = manifestOf({ ...HALT, "0002_two.up.sql": "create table two_more ();" });
      const before = await everything();
      const resolved = await send(transactional, { command: "resolve", version: "0002", as: "checksum" });
      if (resolved.outcome === "refused") {
        expect(await everything()).toEqual(before);
        return;
      }
      expect(await send(transactional, { command: "run" })).toMatchObject({ outcome: "applied" });
      expect((await journal()).map(({ state }) => state).slice(-2)).toEqual(["applied", "applied"]);
    });
  });

  describe("a pending migration", () => {
    it("as applied: it is not run, in a batch of its own", async () => {
      const bundle = await applied(FILES);
      const { database, journal, send, tables } = bundle;
      const newer = manifestOf({
        ...FILES,
        "0004_four.up.sql": "create table one ();",
        "0004_four.down.sql": "select 1;",
      });
      expect(await send(newer, { command: "run" })).toMatchObject({ outcome: "failed" });
      const { newest, report } = await resolve(bundle, newer, "0004", "applied");
      expect(resolutionOf(report)).toBe("Records 0004_four as applied, without running it. It is pending now.");
      expect(newest).toMatchObject({ version: "0004", state: "applied", batch: 2, resolution: "applied" });
      expect(await send(newer, { command: "run" })).toMatchObject({ outcome: "up_to_date", warnings: [] });
      expect(await tables()).toEqual(["one", "three", "two"]);
      expect(await database.query("select 1 as one from pg_class where relname = 'four'")).toEqual([]);
      expect(await send(newer, { command: "rollback" })).toMatchObject({ migrations: [{ version: "0004" }] });
      expect(implausibleTurns(await journal())).toEqual([]);
    });

    it("as applied, in a database without a journal: the next run begins behind it", async () => {
      const bundle = await setup();
      const { database, journal, send } = bundle;
      const build = manifestOf(FILES);
      await database.query("create table one (id integer primary key)");
      const dry = await send(build, { command: "resolve", version: "0001", as: "applied", dryRun: true });
      expect(dry).toMatchObject({ outcome: "would_resolve" });
      await expect(journal()).rejects.toThrow("does not exist");
      expect(await send(build, { command: "resolve", version: "0001", as: "applied" })).toMatchObject({
        outcome: "resolved",
      });
      expect(await send(build, { command: "run" })).toMatchObject({
        outcome: "applied",
        migrations: [
          { version: "0002", batch: 2 },
          { version: "0003", batch: 2 },
        ],
      });
    });

    it("is found under the number that its version is", async () => {
      const { send } = await setup();
      const report = await send(manifestOf(FILES), { command: "resolve", version: "1", as: "applied" });
      expect(report).toMatchObject({ outcome: "resolved", migrations: [{ version: "0001", status: "applied" }] });
    });

    it("that was rolled back, as applied: it has a new entry, and the old ones stay", async () => {
      const bundle = await applied(FILES);
      const { build, send, tables } = bundle;
      await send(build, { command: "rollback" });
      const { newest } = await resolve(bundle, build, "0001", "applied");
      expect(newest).toMatchObject({ version: "0001", state: "applied", is_current: true, batch: 2 });
      expect(await tables()).toEqual([]);
      expect(statuses(await send(build, { command: "list" }))).toEqual({
        "0001": "applied",
        "0002": "pending",
        "0003": "pending",
      });
    });
  });

  describe("an edited migration", () => {
    it("as checksum: the run that was refused goes on", async () => {
      const bundle = await applied(FILES);
      const { send } = bundle;
      const edited = manifestOf({ ...EDITED, "0004_four.up.sql": "create table four ();" });
      expect(await send(edited, { command: "run" })).toMatchObject({
        outcome: "refused",
        problems: [
          { code: "CHECKSUM_CHANGED", version: "0001", hint: expect.stringContaining("resolve 0001 --as checksum") },
        ],
      });
      const { entries, newest, report } = await resolve(bundle, edited, "0001", "checksum");
      expect(resolutionOf(report)).toContain("Takes the checksum and the down script of 0001_one from this build.");
      expect(newest).toMatchObject({ state: "applied", is_current: true, batch: 1, resolution: "checksum" });
      expect(newest?.checksum).not.toBe(entries[0]?.checksum);
      expect(newest?.started_at).toEqual(entries[0]?.started_at);
      expect(newest?.finished_at).toEqual(entries[0]?.finished_at);
      expect(await send(edited, { command: "run" })).toMatchObject({
        outcome: "applied",
        warnings: [],
        migrations: [{ version: "0004" }],
      });
    });

    it("as checksum: a rollback still takes the newest migration back first", async () => {
      const bundle = await applied(FILES);
      const { send, tables } = bundle;
      const edited = manifestOf(EDITED);
      await resolve(bundle, edited, "0001", "checksum");
      const report = await send(edited, { command: "rollback" });
      expect(report.migrations.map(({ version, status }) => `${version} ${status}`)).toEqual([
        "0003 rolled_back",
        "0002 rolled_back",
        "0001 rolled_back",
      ]);
      expect(report).toMatchObject({ outcome: "rolled_back" });
      expect(await tables()).toEqual([]);
    });

    it("as checksum: the down of this build is the one that runs from now on", async () => {
      const bundle = await applied(FILES);
      const { send, tables } = bundle;
      const edited = manifestOf({
        ...FILES,
        "0003_three.up.sql": "create table three (id integer);",
        "0003_three.down.sql": "alter table three rename to kept;",
      });
      await resolve(bundle, edited, "0003", "checksum");
      await send(edited, { command: "rollback" });
      expect(await tables()).toEqual(["kept"]);
    });

    it("as rolled back: the next run applies it as it is now", async () => {
      const bundle = await applied({ "0001_one.up.sql": "create table one ();" });
      const { database, send } = bundle;
      const edited = manifestOf({ "0001_one.up.sql": "create table one (id integer);" });
      await database.query("drop table one");
      await resolve(bundle, edited, "0001", "rolled_back");
      expect(await send(edited, { command: "run" })).toMatchObject({ outcome: "applied", migrations: [{ batch: 2 }] });
      expect(await database.query("select id from one")).toEqual([]);
    });
  });

  describe("a migration that is missing in the middle", () => {
    const { "0002_two.up.sql": _up, "0002_two.down.sql": _down, ...without } = FILES;

    it("as rolled back: the run that was refused goes on, and nothing is said of it any more", async () => {
      const bundle = await applied(FILES);
      const { database, send } = bundle;
      const build = manifestOf({ ...without, "0004_four.up.sql": "create table four ();" });
      expect(await send(build, { command: "run" })).toMatchObject({
        outcome: "refused",
        problems: [{ code: "MIGRATION_MISSING", version: "0002" }],
      });
      await database.query("drop table two");
      const { entries, report } = await resolve(bundle, build, "0002", "rolled_back");
      expect(resolutionOf(report)).not.toContain("the next run applies it");
      expect(entries.map(({ version, state, is_current }) => [version, state, is_current])).toEqual([
        ["0001", "applied", true],
        ["0002", "applied", false],
        ["0003", "applied", true],
        ["0002", "rolled_back", false],
      ]);
      expect(await send(build, { command: "run" })).toMatchObject({ outcome: "applied", warnings: [] });
      expect(statuses(await send(build, { command: "list" }))).toEqual({
        "0001": "applied",
        "0003": "applied",
        "0004": "applied",
      });
    });

    it.each([
      ["applied", "is recorded as applied already"],
      ["checksum", "is not in this build"],
    ])("as %s: refused, because it %s", async (as, reason) => {
      const { everything, send } = await applied(FILES);
      const before = await everything();
      expect(await send(manifestOf(without), { command: "resolve", version: "0002", as })).toMatchObject({
        outcome: "refused",
        problems: [{ code: "NOTHING_TO_RESOLVE", version: "0002", message: expect.stringContaining(reason) }],
      });
      expect(await everything()).toEqual(before);
    });
  });

  describe("a half rolled back migration", () => {
    it("as rolled back: the next run applies it again", async () => {
      const bundle = await halfRolledBack();
      const { build, database, journal, send, tables } = bundle;
      expect(await send(build, { command: "run" })).toMatchObject({ problems: [{ code: "ROLLBACK_UNFINISHED" }] });
      await database.query("drop view guard; drop table two");
      const { entries, newest } = await resolve(bundle, build, "0002", "rolled_back");
      expect(entries.map(({ version, state, is_current }) => [version, state, is_current])).toEqual([
        ["0001", "applied", true],
        ["0002", "applied", false],
        ["0002", "rolling_back", false],
        ["0002", "rolled_back", false],
      ]);
      expect(newest).toMatchObject({ batch: 1, resolution: "rolled_back" });
      expect(await send(build, { command: "run" })).toMatchObject({ outcome: "applied", counts: { applied: 3 } });
      expect(await tables()).toEqual(["one", "three", "two", "two_more"]);
      expect((await journal()).at(-1)).toMatchObject({ version: "0003", batch: 2 });
    });

    it("as applied: it can be rolled back from its first statement again", async () => {
      const bundle = await halfRolledBack();
      const { build, database, send, tables } = bundle;
      await database.query("drop view guard; create table two_more ()");
      const { newest } = await resolve(bundle, build, "0002", "applied");
      expect(newest).toMatchObject({ state: "applied", is_current: true, statements_done: 0, batch: 1 });
      expect(await send(build, { command: "status" })).toMatchObject({ outcome: "pending", warnings: [] });
      expect(await send(build, { command: "rollback" })).toMatchObject({ outcome: "rolled_back" });
      expect(await tables()).toEqual([]);
    });

    it("as rolled back, by a build that does not ship it: that build runs again", async () => {
      const bundle = await halfRolledBack();
      const { build, send } = bundle;
      const older = olderBuild(build, 1);
      expect(await send(older, { command: "run" })).toMatchObject({ outcome: "refused" });
      await resolve(bundle, older, "0002", "rolled_back");
      expect(await send(older, { command: "run" })).toMatchObject({ outcome: "up_to_date", warnings: [] });
    });
  });

  it.each([
    { version: "0009", as: "applied", reason: "is neither in this build nor in the database" },
    { version: "0009", as: "rolled_back", reason: "is neither in this build nor in the database" },
    { version: "0009", as: "checksum", reason: "is neither in this build nor in the database" },
    { version: "0001_one", as: "rolled_back", reason: "is neither in this build nor in the database" },
    { version: "0001", as: "applied", reason: "is recorded as applied already" },
    { version: "0001", as: "checksum", reason: "has this checksum already" },
    { version: "0004", as: "rolled_back", reason: "is not recorded as applied or started" },
    { version: "0004", as: "checksum", reason: "is not recorded as applied or started" },
  ])("is refused when there is nothing to resolve: $version as $as, which $reason", async ({ version, as, reason }) => {
    const { everything, send } = await applied(FILES);
    const build = manifestOf({ ...FILES, "0004_four.up.sql": "create table four ();" });
    const before = await everything();
    for (const dryRun of [true, false]) {
      expect(await send(build, { command: "resolve", version, as, dryRun })).toMatchObject({
        ok: false,
        outcome: "refused",
        problems: [{ code: "NOTHING_TO_RESOLVE", field: "version", message: expect.stringContaining(reason) }],
      });
    }
    expect(await everything()).toEqual(before);
  });

  it.each([
    { event: { command: "resolve" }, fields: ["version", "as"] },
    { event: { command: "resolve", version: "0001" }, fields: ["as"] },
    { event: { command: "resolve", as: "applied" }, fields: ["version"] },
    { event: { command: "resolve", version: "0001", as: "done" }, fields: ["as"] },
    { event: { command: "resolve", version: "0001", as: "applied", pid: 1 }, fields: ["pid"] },
    { event: { command: "run", version: "0001", as: "applied" }, fields: ["version", "as"] },
  ])("is refused as an event with every field that is wrong: $event", async ({ event, fields }) => {
    const { everything, send } = await applied(FILES);
    const before = await everything();
    const report = await send(manifestOf(FILES), event);
    expect(report).toMatchObject({
      outcome: "refused",
      problems: fields.map((field) => ({ code: "INVALID_EVENT", field })),
    });
    expect(report.outcome === "refused" && report.problems).toHaveLength(fields.length);
    expect(await everything()).toEqual(before);
  });
});

function resolutionOf(report: Report): string | null {
  return report.outcome === "resolved" || report.outcome === "would_resolve" ? report.resolution : null;
}
