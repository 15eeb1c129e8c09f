// Many runs at once: each migration once, whoever comes first, and a journal that tells what can have happened.
import { describe, expect, it } from "vitest";
import type { Report } from "../../src/engine/report-schema.ts";
import type { Manifest } from "../../src/migration/manifest.ts";
import { postgresVersions } from "../support/database.ts";
import { olderBuild, type RunOptions, runEvent, statuses } from "../support/engine.ts";
import { implausibleTurns, versionsAtTheEnd } from "../support/journal-story.ts";
import { manifestOf } from "../support/manifest.ts";
import { advisoryLocksOf, engineSessionsOf, freshDatabase, journalOf, openTransaction } from "../support/workplace.ts";

const RUNS = 50;

/** All of twenty but the two that build an index. */
const TABLES = Array.from({ length: 20 }, (_, index) => String(index + 1).padStart(4, "0")).filter(
  (version) => version !== "0004" && version !== "0008",
);

/** Each leaves a table of its own version, so that the catalog says which are in the schema. Two build
 * indexes. All are empty in the end: a rollback needs no permission. */
const BUILD = manifestOf(
  Object.assign(
    {
      "0004_index_one.up.sql":
        "-- hj:transaction off\ncreate table t0004 as select generate_series(1, 1000) as id;\ncreate index concurrently t0004_idx on t0004 (id);\ntruncate t0004;",
      "0004_index_one.down.sql": "-- hj:transaction off\ndrop index concurrently t0004_idx;\ndrop table t0004;",
      "0008_index_two.up.sql":
        "-- hj:transaction off\ncreate table t0008 as select generate_series(1, 1000) as id;\ncreate unique index concurrently t0008_idx on t0008 (id);\ntruncate t0008;",
      "0008_index_two.down.sql": "-- hj:transaction off\ndrop index concurrently t0008_idx;\ndrop table t0008;",
    },
    ...TABLES.map((version) => ({
      [`${version}_table.up.sql`]: `create table t${version} (id integer);`,
      [`${version}_table.down.sql`]: `drop table t${version};`,
    })),
  ),
);

const VERSIONS = BUILD.migrations.map(({ version }) => version);

const INVALID_INDEXES = "select indexrelid::regclass::text as name from pg_index where not indisvalid";

describe.each(postgresVersions)("runs at once on PostgreSQL $version", ({ url: serverUrl }) => {
  async function setup() {
    const database = await freshDatabase(serverUrl);
    const send = (event: unknown, options?: RunOptions, build: Manifest = BUILD) =>
      runEvent(database.url, build, event, options);
    const versionsInSchema = async () => {
      const rows = await database.query<{ version: string }>(
        "select substr(relname, 2) as version from pg_class where relname ~ '^t[0-9]{4}$' order by 1",
      );
      return rows.map(({ version }) => version);
    };
    /** What must be so whenever the last of them has answered. */
    const expectNothingLeftBehind = async () => {
      expect(await advisoryLocksOf(database)).toEqual([]);
      expect(await database.query(INVALID_INDEXES)).toEqual([]);
      await expect.poll(() => engineSessionsOf(database)).toEqual([]);
    };
    return { database, send, journal: () => journalOf(database), versionsInSchema, expectNothingLeftBehind };
  }

  it(`apply each migration once, however many there are (${RUNS})`, async () => {
    const { expectNothingLeftBehind, journal, send, versionsInSchema } = await setup();
    const reports = await Promise.all(Array.from({ length: RUNS }, () => send({ command: "run" })));
    expect(notOk(reports)).toEqual([]);
    const [winner, ...losers] = reports.sort((a, b) => b.migrations.length - a.migrations.length);
    expect(winner).toMatchObject({ outcome: "applied", counts: { applied: VERSIONS.length, pending: 0 } });
    expect(statuses(winner as Report)).toEqual(Object.fromEntries(VERSIONS.map((version) => [version, "applied"])));
    for (const report of losers) {
      expect(report).toMatchObject({ outcome: "up_to_date", migrations: [], counts: { applied: VERSIONS.length } });
      expect(report.schemaVersion).toEqual({ before: "0020", after: "0020" });
    }
    const entries = await journal();
    expect(entries.map(({ version, state, is_current, batch }) => [version, state, is_current, batch])).toEqual(
      VERSIONS.map((version) => [version, "applied", true, 1]),
    );
    expect(new Set(entries.map(({ run_id }) => run_id))).toEqual(new Set([winner?.runId]));
    expect(await versionsInSchema()).toEqual(VERSIONS);
    await expectNothingLeftBehind();
  });

  it("tell a possible story when some roll back", async () => {
    const { expectNothingLeftBehind, journal, send, versionsInSchema } = await setup();
    const commands = Array.from({ length: RUNS }, (_, index) => (index % 3 === 2 ? "rollback" : "run"));
    const reports = await Promise.all(commands.map((command) => send({ command })));
    expect(notOk(reports)).toEqual([]);
    const entries = await journal();
    expect(implausibleTurns(entries)).toEqual([]);
    expect(await versionsInSchema()).toEqual(versionsAtTheEnd(entries));
    // Every report tells of its own turns in the story, and of no other's.
    for (const report of reports) {
      const own = entries.filter(({ run_id }) => run_id === report.runId);
      expect(own.map(({ version, state }) => `${version} ${state}`)).toEqual(
        report.migrations.map(({ version, status }) => `${version} ${status}`),
      );
    }
    await expectNothingLeftBehind();
    expect(await send({ command: "run" })).toMatchObject({ ok: true, counts: { applied: VERSIONS.length } });
    expect(await versionsInSchema()).toEqual(VERSIONS);
  });

  it("tell a possible story when they roll back all that the others have just applied", async () => {
    const { expectNothingLeftBehind, journal, send, versionsInSchema } = await setup();
    await send({ command: "run" });
    const commands = Array.from({ length: RUNS }, (_, index) => (index % 2 === 0 ? "rollback" : "run"));
    const reports = await Promise.all(commands.map((command) => send({ command })));
    expect(notOk(reports)).toEqual([]);
    const entries = await journal();
    expect(entries.map(({ state }) => state)).toContain("rolled_back");
    expect(implausibleTurns(entries)).toEqual([]);
    expect(await versionsInSchema()).toEqual(versionsAtTheEnd(entries));
    await expectNothingLeftBehind();
  });

  describe("in the middle of work on an index", () => {
    /**
     * Sends `first`, which cannot finish before a transaction of another session ends, and in the middle of it
     * `second`; that transaction ends when `second` has begun to wait, or was answered without.
     */
    async function interleave(first: unknown, state: string, second: unknown) {
      const { database, journal, send } = await setup();
      await send({ command: "run" }, {}, olderBuild(BUILD, 3));
      const build = manifestOf({
        "0011_index.up.sql": "-- hj:transaction off\ncreate index concurrently t0001_idx on t0001 (id);",
        "0011_index.down.sql": "drop index concurrently t0001_idx;",
      });
      const whole = { ...BUILD, migrations: [...BUILD.migrations.slice(0, 3), ...build.migrations] };
      if (state === "rolling_back") await send({ command: "run" }, {}, whole);
      const other = await openTransaction(database.url, "insert into t0001 values (2)");
      const slow = send(first, {}, whole);
      await expect.poll(async () => (await journal()).at(-1)?.state, { timeout: 10_000 }).toBe(state);
      const onProgress: RunOptions["onProgress"] = (progress) =>
        void (progress.kind === "lock_busy" && other.query("commit"));
      const quick = send(second, { onProgress }, whole).finally(() => other.query("commit"));
      return { reports: await Promise.all([slow, quick]), journal: await journal() };
    }

    it("of a run, a rollback waits and then takes back what the run has applied", async () => {
      const { journal, reports } = await interleave({ command: "run" }, "started", { command: "rollback" });
      expect(notOk(reports)).toEqual([]);
      expect(reports).toMatchObject([
        { outcome: "applied", migrations: [{ version: "0011" }] },
        { outcome: "rolled_back", migrations: [{ version: "0011" }] },
      ]);
      expect(implausibleTurns(journal)).toEqual([]);
    });

    it("of a rollback, a run waits and then applies what was taken back", async () => {
      const { journal, reports } = await interleave({ command: "rollback" }, "rolling_back", { command: "run" });
      expect(notOk(reports)).toEqual([]);
      expect(reports).toMatchObject([
        { outcome: "rolled_back", migrations: [{ version: "0011" }] },
        { outcome: "applied", migrations: [{ version: "0011", batch: 3 }] },
      ]);
      expect(implausibleTurns(journal)).toEqual([]);
    });

    it("of a run, another run waits and then finds nothing to do", async () => {
      const { journal, reports } = await interleave({ command: "run" }, "started", { command: "run" });
      expect(reports).toMatchObject([{ outcome: "applied" }, { outcome: "up_to_date", migrations: [] }]);
      expect(implausibleTurns(journal)).toEqual([]);
    });
  });
});

function notOk(reports: readonly Report[]): readonly unknown[] {
  return reports
    .filter(({ ok }) => !ok)
    .map((report) => ({
      outcome: report.outcome,
      command: report.command,
      ...(report.outcome === "refused" && { problems: report.problems.map(({ message }) => message) }),
      ...(report.outcome === "failed" && { failure: report.failure.message }),
    }));
}
