// What every command answers when build and journal do not agree, or the build is none: one expected answer each, and
// whether anything was changed.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compile } from "../../src/build/compile.ts";
import type { Report } from "../../src/engine/report-schema.ts";
import type { Manifest } from "../../src/migration/manifest.ts";
import { createTestDatabase, postgresVersions, type TestDatabase } from "../support/database.ts";
import { runEvent, statuses } from "../support/engine.ts";
import { catalogOf, freshDatabase, journalOf, tablesOf } from "../support/workplace.ts";

type Files = Readonly<Record<string, string>>;

const ONE: Files = { "0001_one.up.sql": "create table one ();", "0001_one.down.sql": "drop table one;" };
const TWO: Files = { "0002_two.up.sql": "create table two ();", "0002_two.down.sql": "drop table two;" };
const THREE: Files = { "0003_three.up.sql": "create table three ();", "0003_three.down.sql": "drop table three;" };
const FOUR: Files = { "0004_four.up.sql": "create table four ();", "0004_four.down.sql": "drop table four;" };

/** Stops behind its first statement, until there is a table `needed`. */
const HALT: Files = {
  "0002_halt.up.sql": "-- hj:transaction off\ncreate table halt ();\ninsert into needed default values;",
  "0002_halt.down.sql": "drop table halt;",
};

interface History {
  /** What an earlier build applied. */
  readonly applied: Files;
  /** What happened to the database since. */
  readonly since?: string;
}

interface Scenario extends History {
  /** What the build that is asked holds. */
  readonly build: Files;
}

const SCENARIOS = {
  edited: {
    applied: { ...ONE, ...TWO, ...THREE },
    build: { ...ONE, ...TWO, ...THREE, "0002_two.up.sql": "create table two (id integer);" },
  },
  "missing last": { applied: { ...ONE, ...TWO, ...THREE }, build: { ...ONE, ...TWO } },
  "missing middle": { applied: { ...ONE, ...TWO, ...THREE }, build: { ...ONE, ...THREE } },
  "out of order": { applied: { ...ONE, ...THREE }, build: { ...ONE, ...TWO, ...THREE } },
  duplicate: { applied: ONE, build: { ...ONE, ...TWO, "2_again.up.sql": "create table again ();" } },
  ahead: { applied: { ...ONE, ...TWO, ...THREE, ...FOUR }, build: ONE },
  started: { applied: { ...ONE, ...HALT }, since: "create table needed ()", build: { ...ONE, ...HALT, ...THREE } },
  "unknown directive": {
    applied: ONE,
    build: { ...ONE, "0002_two.up.sql": "-- hj:transction off\ncreate table two ();" },
  },
} as const satisfies Record<string, Scenario>;

type Name = keyof typeof SCENARIOS;

const COMMANDS = {
  status: { command: "status" },
  run: { command: "run" },
  "dry run": { command: "run", dryRun: true },
  rollback: { command: "rollback" },
  list: { command: "list" },
} as const;

/** The outcome, the codes of its problems or else of its warnings, and, in capitals, whether it changed anything. */
type Answer = readonly [Report["outcome"], readonly string[], "CHANGES"?];

const NO_BUILD: Record<keyof typeof COMMANDS, Answer> = {
  status: ["refused", ["INVALID_MIGRATION"]],
  run: ["refused", ["INVALID_MIGRATION"]],
  "dry run": ["refused", ["INVALID_MIGRATION"]],
  rollback: ["refused", ["INVALID_MIGRATION"]],
  list: ["refused", ["INVALID_MIGRATION"]],
};

const TABLE: Record<Name, Record<keyof typeof COMMANDS, Answer>> = {
  edited: {
    status: ["up_to_date", ["CHECKSUM_CHANGED 0002"]],
    run: ["refused", ["CHECKSUM_CHANGED 0002"]],
    "dry run": ["refused", ["CHECKSUM_CHANGED 0002"]],
    rollback: ["rolled_back", [], "CHANGES"],
    list: ["listed", ["CHECKSUM_CHANGED 0002"]],
  },
  // A build that lost its newest migration cannot be told from an older build.
  "missing last": {
    status: ["up_to_date", ["DATABASE_AHEAD 0003"]],
    run: ["up_to_date", ["DATABASE_AHEAD 0003"]],
    "dry run": ["up_to_date", ["DATABASE_AHEAD 0003"]],
    rollback: ["rolled_back", [], "CHANGES"],
    list: ["listed", ["DATABASE_AHEAD 0003"]],
  },
  "missing middle": {
    status: ["up_to_date", ["MIGRATION_MISSING 0002"]],
    run: ["refused", ["MIGRATION_MISSING 0002"]],
    "dry run": ["refused", ["MIGRATION_MISSING 0002"]],
    rollback: ["rolled_back", [], "CHANGES"],
    list: ["listed", ["MIGRATION_MISSING 0002"]],
  },
  "out of order": {
    status: ["pending", ["OUT_OF_ORDER 0002"]],
    run: ["refused", ["OUT_OF_ORDER 0002"]],
    "dry run": ["refused", ["OUT_OF_ORDER 0002"]],
    rollback: ["rolled_back", [], "CHANGES"],
    list: ["listed", ["OUT_OF_ORDER 0002"]],
  },
  duplicate: NO_BUILD,
  ahead: {
    status: ["up_to_date", ["DATABASE_AHEAD 0002", "DATABASE_AHEAD 0003", "DATABASE_AHEAD 0004"]],
    run: ["up_to_date", ["DATABASE_AHEAD 0002", "DATABASE_AHEAD 0003", "DATABASE_AHEAD 0004"]],
    "dry run": ["up_to_date", ["DATABASE_AHEAD 0002", "DATABASE_AHEAD 0003", "DATABASE_AHEAD 0004"]],
    rollback: ["rolled_back", [], "CHANGES"],
    list: ["listed", ["DATABASE_AHEAD 0002", "DATABASE_AHEAD 0003", "DATABASE_AHEAD 0004"]],
  },
  // A run goes on with it; what it did cannot be taken back before it is done.
  started: {
    status: ["pending", []],
    run: ["applied", [], "CHANGES"],
    "dry run": ["would_apply", []],
    rollback: ["refused", ["MIGRATION_UNFINISHED 0002"]],
    list: ["listed", []],
  },
  "unknown directive": NO_BUILD,
};

/** A scenario's row of the table; what changes the database comes last, because a row shares one. */
function cellsOf(scenario: Name): readonly { command: keyof typeof COMMANDS; answer: Answer }[] {
  const cells = Object.entries(TABLE[scenario]).map(([command, answer]) => ({
    command: command as keyof typeof COMMANDS,
    answer,
  }));
  return cells.sort((left, right) => left.answer.length - right.answer.length);
}

describe.each(postgresVersions)("a build and a journal that differ, on PostgreSQL $version,", ({ url: serverUrl }) => {
  async function setup(history: History) {
    const database = await freshDatabase(serverUrl);
    await bring(database, history);
    return {
      database,
      send: (files: Files, event: unknown) => runEvent(database.url, buildOf(files), event),
      everything: async () => ({ catalog: await catalogOf(database), journal: await journalOf(database) }),
    };
  }

  describe.each(Object.keys(SCENARIOS) as Name[])("%s", (scenario) => {
    const { build, ...history } = SCENARIOS[scenario] as Scenario;
    let database: TestDatabase;

    beforeAll(async () => {
      database = await createTestDatabase(serverUrl);
      await bring(database, history);
    });
    afterAll(() => database.drop());

    it.each(cellsOf(scenario))("x $command", async ({ answer, command }) => {
      const everything = async () => ({ catalog: await catalogOf(database), journal: await journalOf(database) });
      const before = await everything();
      const report = await runEvent(database.url, buildOf(build), COMMANDS[command]);
      const [outcome, codes, changes] = answer;
      expect([report.outcome, codesIn(report)]).toEqual([outcome, codes]);
      expect(report.ok).toBe(outcome !== "refused");
      if (outcome === "refused") expect(report.migrations).toEqual([]);
      if (changes === undefined) expect(await everything()).toEqual(before);
      else expect(await everything()).not.toEqual(before);
    });
  });

  it.each([
    ["edited", { "0001": "applied", "0002": "applied", "0003": "applied" }],
    ["missing last", { "0001": "applied", "0002": "applied", "0003": "unknown" }],
    ["missing middle", { "0001": "applied", "0002": "unknown", "0003": "applied" }],
    ["out of order", { "0001": "applied", "0002": "pending", "0003": "applied" }],
    ["ahead", { "0001": "applied", "0002": "unknown", "0003": "unknown", "0004": "unknown" }],
    ["started", { "0001": "applied", "0002": "started", "0003": "pending" }],
  ] as const)(
    "%s: list says where each migration stands, status what is not simply applied",
    async (name, standing) => {
      const { send } = await setup(SCENARIOS[name]);
      const { build } = SCENARIOS[name];
      expect(statuses(await send(build, { command: "list" }))).toEqual(standing);
      expect(statuses(await send(build, { command: "status" }))).toEqual(
        Object.fromEntries(Object.entries(standing).filter(([, status]) => status !== "applied")),
      );
    },
  );

  it("every refusal says the way out", async () => {
    for (const name of ["edited", "missing middle", "out of order"] as const) {
      const { send } = await setup(SCENARIOS[name]);
      const report = await send(SCENARIOS[name].build, { command: "run" });
      expect(report, name).toMatchObject({ outcome: "refused", problems: [{ hint: expect.stringContaining("0002") }] });
    }
  });

  it("everything that is wrong is told at once", async () => {
    const { send } = await setup({ applied: { ...ONE, ...THREE, ...FOUR } });
    const build = { ...TWO, ...FOUR, "0001_one.up.sql": "create table one (id integer);" };
    expect(codesIn(await send(build, { command: "run" }))).toEqual([
      "CHECKSUM_CHANGED 0001",
      "MIGRATION_MISSING 0003",
      "OUT_OF_ORDER 0002",
    ]);
  });

  it("a rollback takes back what the journal holds, whatever the build says", async () => {
    for (const name of ["edited", "missing last", "missing middle", "out of order", "ahead"] as const) {
      const { database, send } = await setup(SCENARIOS[name]);
      expect(await send(SCENARIOS[name].build, { command: "rollback" }), name).toMatchObject({ ok: true });
      expect(await tablesOf(database), name).toEqual([]);
    }
  });

  it("directives, line ends and trailing blank lines may change without an edit", async () => {
    const { send } = await setup({
      applied: { ...ONE, "0002_two.up.sql": "create table two ();\ncreate table too ();" },
    });
    const build = {
      ...ONE,
      "0002_two.up.sql": "-- hj:timeout 1m\r\ncreate table two ();\r\ncreate table too ();\r\n\r\n",
    };
    expect(await send(build, { command: "run" })).toMatchObject({ outcome: "up_to_date", warnings: [] });
  });

  describe("a migration that comes too late", () => {
    const { applied, build } = SCENARIOS["out of order"];

    it.each([["0002"], ["0002_two"]])("is applied when it is allowed as %s", async (allowed) => {
      const { database, send } = await setup({ applied });
      const before = await send(build, { command: "run", allowOutOfOrder: [allowed], dryRun: true });
      expect(before).toMatchObject({
        outcome: "would_apply",
        migrations: [{ version: "0002", status: "would_apply" }],
      });
      expect(await tablesOf(database)).not.toContain("two");
      const report = await send(build, { command: "run", allowOutOfOrder: [allowed] });
      expect(report).toMatchObject({
        outcome: "applied",
        schemaVersion: { before: "0003", after: "0003" },
        migrations: [{ version: "0002", status: "applied", batch: 2 }],
      });
      expect(await tablesOf(database)).toEqual(["one", "three", "two"]);
      expect(await send(build, { command: "run" })).toMatchObject({ outcome: "up_to_date", warnings: [] });
      expect(await send(build, { command: "rollback" })).toMatchObject({ migrations: [{ version: "0002" }] });
    });

    it("is applied in order with others that are late and others that are new", async () => {
      const { journalVersions, send } = await late();
      const files = { ...ONE, ...TWO, ...THREE, ...FOUR, "0005_five.up.sql": "create table five ();" };
      const report = await send(files, { command: "run", allowOutOfOrder: ["0001", "0003_three"] });
      expect(report).toMatchObject({ outcome: "applied" });
      expect(await journalVersions()).toEqual(["0002", "0004", "0001", "0003", "0005"]);
    });

    it("is refused while only another one is allowed", async () => {
      const { send } = await late();
      const files = { ...ONE, ...TWO, ...THREE, ...FOUR };
      expect(codesIn(await send(files, { command: "run", allowOutOfOrder: ["0001"] }))).toEqual(["OUT_OF_ORDER 0003"]);
    });

    async function late() {
      const { database, send } = await setup({ applied: { ...TWO, ...FOUR } });
      return { send, journalVersions: async () => (await journalOf(database)).map(({ version }) => version) };
    }

    it.each([["0001"], ["0001_one"], ["0004"], ["0002_three"], ["two"], ["9999"]])(
      "is no reason to allow %s, which is not late: the run is refused",
      async (name) => {
        const { everything, send } = await setup({ applied });
        const before = await everything();
        const report = await send({ ...build, ...FOUR }, { command: "run", allowOutOfOrder: ["0002", name] });
        expect(report).toMatchObject({
          outcome: "refused",
          problems: [
            { code: "INVALID_EVENT", field: "allowOutOfOrder", message: expect.stringContaining(JSON.stringify(name)) },
          ],
        });
        expect(await everything()).toEqual(before);
      },
    );

    it("is late also below one that this build does not ship", async () => {
      const { everything, send } = await setup({ applied: { ...ONE, ...THREE } });
      const before = await everything();
      const report = await send({ ...ONE, ...TWO }, { command: "run" });
      expect(report).toMatchObject({
        outcome: "refused",
        problems: [{ code: "OUT_OF_ORDER", version: "0002" }],
        warnings: [{ code: "DATABASE_AHEAD", version: "0003" }],
      });
      expect(await everything()).toEqual(before);
    });
  });
});

async function bring(database: TestDatabase, { applied, since }: History): Promise<void> {
  await runEvent(database.url, buildOf(applied), { command: "run" });
  if (since !== undefined) await database.query(since);
}

/** What the compiler makes of the files, a refusal too: the handler takes both, and answers with the problems. */
function buildOf(files: Files): Manifest {
  return compile(Object.entries(files).map(([file, sql]) => ({ file, sql }))) as Manifest;
}

function codesIn(report: Report): readonly string[] {
  const told = report.outcome === "refused" ? report.problems : report.warnings;
  return told.map(({ code, version }) => (code === "INVALID_MIGRATION" ? code : `${code} ${version}`));
}
