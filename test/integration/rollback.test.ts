// Rolling back: by batches, with what the journal stored, all of it or nothing; and forward again.
import { describe, expect, it } from "vitest";
import type { Report } from "../../src/engine/report-schema.ts";
import type { Manifest } from "../../src/migration/manifest.ts";
import { catalogFingerprint } from "../support/catalog-fingerprint.ts";
import { postgresVersions } from "../support/database.ts";
import { olderBuild, type RunOptions, runEvent, statuses } from "../support/engine.ts";
import { fixtureManifest } from "../support/fixture-manifest.ts";
import { implausibleTurns } from "../support/journal-story.ts";
import { manifestOf } from "../support/manifest.ts";
import { catalogOf, freshDatabase, type JournalRow, journalOf, openSession, tablesOf } from "../support/workplace.ts";

const reversible = await fixtureManifest("reversible");

/** Tables that stand on each other: taken back in the wrong order, they fail. */
const CHAIN = {
  "0001_first.up.sql": "create table first (id integer primary key);",
  "0001_first.down.sql": "drop table first;",
  "0002_second.up.sql": "create table second (id integer primary key references first (id));",
  "0002_second.down.sql": "drop table second;",
  "0003_third.up.sql": "create table third (id integer primary key references second (id));",
  "0003_third.down.sql": "drop table third;",
};

/** Not transactional in both directions; going back fails at the second of three statements while the guard is there. */
const HALFWAY = {
  "0001_base.up.sql": "create table base (id integer);",
  "0001_base.down.sql": "drop table base;",
  "0002_pair.up.sql":
    "-- hj:transaction off\ncreate table left_one (id integer);\ncreate table right_one (id integer);\n",
  "0002_pair.down.sql":
    "-- hj:transaction off\ndrop table left_one;\ndrop table right_one;\ncomment on table base is 'alone again';\n",
};

describe.each(postgresVersions)("rolling back on PostgreSQL $version", ({ url: serverUrl }) => {
  async function setup() {
    const database = await freshDatabase(serverUrl);
    return {
      database,
      send: (build: Manifest, event: unknown, options?: RunOptions) => runEvent(database.url, build, event, options),
      journal: () => journalOf(database),
      fingerprint: () => catalogFingerprint(database),
      /** Everything that a refused request or a dry run must leave as it was. */
      everything: async () => ({ catalog: await catalogOf(database), journal: await journalOf(database) }),
    };
  }

  describe("thirty reversible migrations of all kinds", () => {
    it("are thirty, each with its way back", () => {
      expect(reversible.migrations).toHaveLength(30);
      expect(reversible.migrations.filter(({ down }) => down === null)).toEqual([]);
    });

    it("leave, batch by batch, the catalog that was there before them", async () => {
      const { fingerprint, journal, send } = await setup();
      const before = [await fingerprint()];
      for (const migrations of [4, 11, 18, 22, 30]) {
        const report = await send(olderBuild(reversible, migrations), { command: "run" });
        expect(report).toMatchObject({ outcome: "applied", warnings: [] });
        before.push(await fingerprint());
      }
      expect(new Set((await journal()).map(({ batch }) => batch))).toEqual(new Set([1, 2, 3, 4, 5]));
      const rollbacks = [
        { steps: 1, allowDataLoss: ["warehouse"] },
        { steps: 2, allowDataLoss: ["account.last_name", "account.first_name", "device", "event"] },
        { steps: 1, allowDataLoss: [] },
        { steps: 1, allowDataLoss: [] },
      ];
      for (const { steps, allowDataLoss } of rollbacks) {
        const event = { command: "rollback", steps, allowDataLoss };
        expect(await send(reversible, event)).toMatchObject({ outcome: "rolled_back" });
        before.splice(before.length - steps, steps);
        expect(await fingerprint()).toEqual(before.at(-1));
      }
      expect(before).toHaveLength(1);
      expect(await send(reversible, { command: "rollback" })).toMatchObject({
        outcome: "nothing_to_roll_back",
        ok: true,
      });
    });

    it("are applied again after a rollback, twice, with the same catalog each time", async () => {
      const { fingerprint, journal, send } = await setup();
      const empty = await fingerprint();
      await send(olderBuild(reversible, 12), { command: "run" });
      expect(await send(reversible, { command: "run" })).toMatchObject({ outcome: "applied", counts: { applied: 30 } });
      const full = await fingerprint();
      expect(full.length).toBeGreaterThan(250);
      for (const batch of [3, 4]) {
        const steps = batch === 3 ? 2 : 1;
        const allowDataLoss = ["warehouse", "device", "event", "project", "account"];
        const down = await send(reversible, { command: "rollback", steps, allowDataLoss });
        expect(down).toMatchObject({
          outcome: "rolled_back",
          counts: { applied: 0, pending: 30 },
          schemaVersion: { before: "0030", after: null },
        });
        expect(down.migrations.map(({ version }) => version)).toEqual(
          reversible.migrations.map(({ version }) => version).reverse(),
        );
        expect(await fingerprint()).toEqual(empty);
        expect(await send(reversible, { command: "run" })).toMatchObject({ outcome: "applied", ok: true });
        expect(await fingerprint()).toEqual(full);
        expect(await send(reversible, { command: "run" })).toMatchObject({ outcome: "up_to_date" });
        expect((await journal()).filter((entry) => entry.is_current).map((entry) => entry.batch)).toEqual(
          Array(30).fill(batch),
        );
      }
      expect(implausibleTurns(await journal())).toEqual([]);
    });

    it("never use a batch number again and never lose an entry", async () => {
      const { journal, send } = await setup();
      let kept: readonly JournalRow[] = [];
      const keeps = async () => {
        const now = await journal();
        const identities = (rows: readonly JournalRow[]) =>
          rows.map(({ id, version, state, batch, checksum, run_id }) => ({
            id,
            version,
            state,
            batch,
            checksum,
            run_id,
          }));
        expect(identities(now).slice(0, kept.length)).toEqual(identities(kept));
        kept = now;
      };
      const build = manifestOf(CHAIN);
      for (const batch of [1, 2, 3]) {
        const up = await send(build, { command: "run" });
        expect(up.migrations.map((migration) => migration.batch)).toEqual([batch, batch, batch]);
        await keeps();
        await send(build, { command: "rollback" });
        await keeps();
      }
      expect(kept).toHaveLength(18);
      expect(kept.filter(({ is_current }) => is_current)).toEqual([]);
    });
  });

  it("takes back the newest batch unless more are asked for, newest migration first", async () => {
    const { database, send } = await setup();
    const build = manifestOf(CHAIN);
    await send(olderBuild(build, 1), { command: "run" });
    await send(build, { command: "run" });
    const report = await send(build, { command: "rollback" });
    expect(report).toMatchObject({
      ok: true,
      outcome: "rolled_back",
      schemaVersion: { before: "0003", after: "0001" },
      counts: { applied: 1, pending: 2 },
      migrations: [
        { version: "0003", status: "rolled_back", transactional: true },
        { version: "0002", status: "rolled_back", transactional: true },
      ],
    });
    expect(await tablesOf(database)).toEqual(["first"]);
    expect(statuses(await send(build, { command: "list" }))).toEqual({
      "0001": "applied",
      "0002": "pending",
      "0003": "pending",
    });
  });

  it("has nothing to roll back in a database without a journal, and creates none", async () => {
    const { database, send } = await setup();
    expect(await send(manifestOf(CHAIN), { command: "rollback" })).toMatchObject({ outcome: "nothing_to_roll_back" });
    const relations = "select relname from pg_class where relnamespace = 'public'::regnamespace";
    expect(await database.query(relations)).toEqual([]);
  });

  it("says in a dry run what it would do, and writes nothing", async () => {
    const { everything, send } = await setup();
    const build = manifestOf(CHAIN);
    await send(olderBuild(build, 2), { command: "run" });
    await send(build, { command: "run" });
    const before = await everything();
    const report = await send(build, { command: "rollback", steps: 2, dryRun: true });
    expect(report).toMatchObject({ ok: true, outcome: "would_roll_back", dryRun: true, counts: { applied: 3 } });
    expect(report.migrations.map(({ version, status }) => `${version} ${status}`)).toEqual([
      "0003 would_roll_back",
      "0002 would_roll_back",
      "0001 would_roll_back",
    ]);
    expect(await everything()).toEqual(before);
    expect(await send(build, { command: "rollback", steps: 2 })).toMatchObject({ outcome: "rolled_back" });
  });

  describe("refuses as a whole, before anything runs,", () => {
    const irreversible = {
      "0002_second.up.sql": "-- hj:irreversible the rows are gone\ncreate table second ();",
    };
    const oneWay = { "0002_second.up.sql": "create table second ();" };
    const unfinished = {
      "0002_second.up.sql": "-- hj:transaction off\ncreate table second ();\ninsert into absent values (1);",
      "0002_second.down.sql": "drop table second;",
    };
    const { "0001_first.up.sql": up, "0001_first.down.sql": down } = CHAIN;
    const first = { "0001_first.up.sql": up, "0001_first.down.sql": down };
    const last = { "0003_last.up.sql": "create table last ();", "0003_last.down.sql": "drop table last;" };

    it.each([
      {
        what: "an irreversible migration in the batch, with its reason",
        files: { ...first, ...irreversible, ...last },
        event: { command: "rollback" },
        problem: {
          code: "IRREVERSIBLE",
          version: "0002",
          message: "0002_second cannot be rolled back: the rows are gone",
        },
      },
      {
        what: "a migration that was applied without a down",
        files: { ...first, ...oneWay, ...last },
        event: { command: "rollback" },
        problem: { code: "DOWN_MISSING", version: "0002" },
      },
      {
        what: "a migration that was started and has not finished",
        files: { ...first, ...unfinished, ...last },
        event: { command: "rollback" },
        problem: { code: "MIGRATION_UNFINISHED", version: "0002" },
      },
      {
        what: "more steps than there are batches, with the list of them",
        files: { ...first, ...last },
        event: { command: "rollback", steps: 2 },
        problem: {
          code: "NOT_ENOUGH_BATCHES",
          field: "steps",
          message: "asks for 2 batches, and there is one batch to roll back",
          hint: expect.stringContaining("batch 1: 0001_first, 0003_last"),
        },
      },
    ])("$what", async ({ files, event, problem }) => {
      const { everything, send } = await setup();
      const build = manifestOf(files);
      await send(build, { command: "run" });
      const before = await everything();
      for (const dryRun of [true, false]) {
        const report = await send(build, { ...event, dryRun });
        expect(report).toMatchObject({ ok: false, outcome: "refused", problems: [problem] });
        expect(report.migrations).toEqual([]);
        expect(await everything()).toEqual(before);
      }
    });

    it("and names everything that stands against it at once", async () => {
      const { send } = await setup();
      const build = manifestOf({ ...first, ...irreversible, "0003_last.up.sql": "create table last ();" });
      await send(build, { command: "run" });
      const report = await send(build, { command: "rollback" });
      expect(problemsIn(report)).toEqual(["DOWN_MISSING 0003", "IRREVERSIBLE 0002"]);
    });

    it("batches that it would reach behind one that can be taken back", async () => {
      const { everything, send } = await setup();
      const build = manifestOf({ ...first, ...irreversible, ...last });
      await send(olderBuild(build, 2), { command: "run" });
      await send(build, { command: "run" });
      const before = await everything();
      expect(problemsIn(await send(build, { command: "rollback", steps: 2 }))).toEqual(["IRREVERSIBLE 0002"]);
      expect(await everything()).toEqual(before);
      expect(await send(build, { command: "rollback" })).toMatchObject({ outcome: "rolled_back" });
    });
  });

  describe("a down that fails", () => {
    const FAILING = {
      ...CHAIN,
      "0002_second.down.sql": [
        "-- What second brought goes with it,",
        "-- and what stands on it has to go first.",
        "",
        "drop table second;",
        "",
        "insert into witness",
        "  select id, absent from second;",
      ].join("\n"),
    };

    it("is rolled back and told with its file and line, and what came before it stays rolled back", async () => {
      const { database, journal, send } = await setup();
      const build = manifestOf(FAILING);
      await send(build, { command: "run" });
      const report = await send(build, { command: "rollback" });
      expect(report).toMatchObject({
        outcome: "failed",
        schemaVersion: { before: "0003", after: "0002" },
        counts: { applied: 2, pending: 1, started: 0 },
        migrations: [
          { version: "0003", status: "rolled_back" },
          { version: "0002", status: "failed" },
          { version: "0001", status: "not_reached" },
        ],
        failure: {
          code: "STATEMENT_FAILED",
          details: { version: "0002", file: "0002_second.down.sql", line: 6, column: 13, sqlState: "42P01" },
        },
      });
      expect(await tablesOf(database)).toEqual(["first", "second"]);
      expect((await journal()).map(({ version, state, is_current }) => [version, state, is_current])).toEqual([
        ["0001", "applied", true],
        ["0002", "applied", true],
        ["0003", "applied", false],
        ["0003", "rolled_back", false],
      ]);
    });

    it("is gone on with in the same batch by the next rollback", async () => {
      const { database, journal, send } = await setup();
      const build = manifestOf({
        ...FAILING,
        "0002_second.down.sql": "\n\n\ninsert into witness values ('second');\ndrop table second;",
      });
      await send(olderBuild(build, 1), { command: "run" });
      await send(build, { command: "run" });
      const failed = await send(build, { command: "rollback" });
      expect(failed).toMatchObject({
        outcome: "failed",
        failure: { details: { file: "0002_second.down.sql", line: 4, column: 13, sqlState: "42P01" } },
      });
      await database.query("create table witness (what text)");
      const report = await send(build, { command: "rollback" });
      expect(report).toMatchObject({
        outcome: "rolled_back",
        migrations: [{ version: "0002", status: "rolled_back" }],
      });
      expect(await tablesOf(database)).toEqual(["first", "witness"]);
      expect(implausibleTurns(await journal())).toEqual([]);
    });

    it("is told with the column of its file, also when the statement is indented", async () => {
      const { send } = await setup();
      const build = manifestOf({
        "0001_first.up.sql": "create table first ();",
        "0001_first.down.sql": "drop table first;\n    insert into missing values (1);",
      });
      await send(build, { command: "run" });
      expect(await send(build, { command: "rollback" })).toMatchObject({
        failure: { details: { file: "0001_first.down.sql", line: 2, column: 17 } },
      });
    });
  });

  it("runs a down whose comments stand where they like", async () => {
    const { database, send } = await setup();
    const build = manifestOf({
      "0001_first.up.sql": "create table first ();\ncreate table second ();\ncreate table third ();",
      "0001_first.down.sql": [
        "drop table first -- before its semicolon",
        ";",
        "/* between; */ drop table /* within; */ second; drop table third -- at the end, without a semicolon",
      ].join("\n"),
    });
    await send(build, { command: "run" });
    expect(await send(build, { command: "rollback" })).toMatchObject({ outcome: "rolled_back" });
    expect(await tablesOf(database)).toEqual([]);
  });

  it.each(["-- hj:transaction off\n", "-- nothing to undo\n", ""])(
    "finishes a down that holds no statement: %j",
    async (down) => {
      const { journal, send } = await setup();
      const build = manifestOf({ "0001_first.up.sql": "select 1;", "0001_first.down.sql": down });
      await send(build, { command: "run" });
      expect(await send(build, { command: "rollback" })).toMatchObject({ outcome: "rolled_back" });
      expect((await journal()).map(({ state, is_current }) => [state, is_current])).toEqual([
        ["applied", false],
        ["rolled_back", false],
      ]);
    },
  );

  describe("a down that is not transactional and fails at its second statement of three", () => {
    async function halfRolledBack() {
      const { database, journal, send } = await setup();
      const build = manifestOf(HALFWAY);
      await send(build, { command: "run" });
      await database.query("create view guard as select id from right_one");
      const failed = await send(build, { command: "rollback" });
      return { database, journal, send, build, failed };
    }

    it("leaves the migration half rolled back and says how far it came", async () => {
      const { database, failed, journal } = await halfRolledBack();
      expect(failed).toMatchObject({
        outcome: "failed",
        counts: { applied: 1, started: 1 },
        migrations: [
          { version: "0002", status: "failed", transactional: false },
          { version: "0001", status: "not_reached" },
        ],
        failure: {
          code: "STATEMENT_FAILED",
          hint: expect.stringContaining("1 of 3 statements"),
          details: { file: "0002_pair.down.sql", line: 3, sqlState: "2BP01" },
        },
      });
      expect(await tablesOf(database)).toEqual(["base", "right_one"]);
      expect((await journal()).at(-1)).toMatchObject({
        version: "0002",
        state: "rolling_back",
        statements_done: 1,
        is_current: true,
        batch: 1,
      });
    });

    it("points, as the way on, to the rollback that goes on and not to a run, which refuses", async () => {
      const { failed } = await halfRolledBack();
      expect(failed).toMatchObject({ failure: { hint: expect.not.stringMatching(/next run/) } });
    });

    it("is warned of by status and list, and refused by run", async () => {
      const { build, journal, send } = await halfRolledBack();
      const before = await journal();
      for (const command of ["status", "list"]) {
        const report = await send(build, { command });
        expect(report.warnings).toMatchObject([{ code: "ROLLBACK_UNFINISHED", version: "0002" }]);
        expect(statuses(report)).toMatchObject({ "0002": "started" });
      }
      for (const dryRun of [true, false]) {
        expect(problemsIn(await send(build, { command: "run", dryRun }))).toEqual(["ROLLBACK_UNFINISHED 0002"]);
      }
      expect(await journal()).toEqual(before);
    });

    it("is not called up to date", async () => {
      const { build, send } = await halfRolledBack();
      expect(await send(build, { command: "status" })).not.toMatchObject({ outcome: "up_to_date" });
    });

    it("is resumed at that statement by the next rollback, which then goes on with the batch", async () => {
      const { build, database, journal, send } = await halfRolledBack();
      // Had the first statement been repeated, this table would be gone.
      await database.query("drop view guard; create table left_one (id text)");
      const started: number[] = [];
      const report = await send(
        build,
        { command: "rollback" },
        { onProgress: (progress) => progress.kind === "statement_started" && started.push(progress.number) },
      );
      expect(started).toEqual([2, 3]);
      expect(report).toMatchObject({
        outcome: "rolled_back",
        counts: { applied: 0, pending: 2, started: 0 },
        migrations: [{ version: "0002" }, { version: "0001" }],
      });
      expect(await tablesOf(database)).toEqual(["left_one"]);
      expect(implausibleTurns(await journal())).toEqual([]);
      await database.query("drop table left_one");
      expect(await send(build, { command: "run" })).toMatchObject({ outcome: "applied", counts: { applied: 2 } });
    });
  });

  describe("a down that takes the journal with it", () => {
    it.each([
      { what: "drops the journal", schema: "public", down: "drop table hj_migration;" },
      { what: "drops the journal's schema", schema: "app", down: "drop schema app cascade;" },
      {
        what: "drops the journal, statement by statement",
        schema: "public",
        down: "-- hj:transaction off\ndrop table hj_migration;",
      },
      { what: "renames the journal", schema: "public", down: "alter table hj_migration rename to gone;" },
    ])("fails and is rolled back, by name, when it $what", async ({ schema, down }) => {
      const { database, send } = await setup();
      await database.query("create schema app");
      const build = manifestOf({ "0001_first.up.sql": "create table first ();", "0001_first.down.sql": down });
      await send(build, { command: "run" }, { schema });
      const report = await send(build, { command: "rollback" }, { schema });
      expect(report).toMatchObject({
        outcome: "failed",
        migrations: [{ version: "0001", status: "failed" }],
        failure: {
          code: "JOURNAL_UNUSABLE",
          message: expect.stringMatching(/hj_migration.* 0001_first/),
          details: { table: `"${schema}"."hj_migration"` },
        },
      });
      expect(await tablesOf(database, schema)).toEqual(["first"]);
      const [entry] = await journalOf(database, `${schema}.hj_migration`);
      expect(entry).toMatchObject({ version: "0001", state: "applied" });
    });
  });

  it("waits for a lock that a down needs, and goes on when it is free", async () => {
    const { database, send } = await setup();
    const build = manifestOf(CHAIN);
    await send(build, { command: "run" });
    const reader = await openSession(database.url);
    await reader.query("begin; select * from third");
    const report = await send(
      build,
      { command: "rollback" },
      { onProgress: (progress) => void (progress.kind === "migration_waits" && reader.query("commit")) },
    );
    expect(report).toMatchObject({ outcome: "rolled_back", migrations: [{ version: "0003" }, {}, {}] });
    expect(report.migrations[0]?.attempts).toBeGreaterThan(1);
    expect(await tablesOf(database)).toEqual([]);
  });
});

function problemsIn(report: Report): readonly string[] {
  return report.outcome === "refused" ? report.problems.map(({ code, version }) => `${code} ${version}`) : [];
}
