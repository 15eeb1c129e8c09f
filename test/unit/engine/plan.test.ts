import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { takeInventory } from "../../../src/engine/inventory.ts";
import type { JournalEntry } from "../../../src/engine/journal.ts";
import { type Plan, planRun } from "../../../src/engine/plan.ts";
import type { Manifest } from "../../../src/migration/manifest.ts";
import { entryOf, manifestOf } from "../../support/manifest.ts";

const FILES = {
  "1_account.up.sql": "create table account ();",
  "2_session.up.sql": "create table session ();",
  "3_device.up.sql": "create table device ();",
  "10_token.up.sql": "create table token ();",
};
const whole = manifestOf(FILES);
const [account, session, device, token] = whole.migrations.map((migration) => entryOf(migration)) as [
  JournalEntry,
  JournalEntry,
  JournalEntry,
  JournalEntry,
];

/** The build without these versions. */
function without(...versions: readonly string[]): Manifest {
  return { ...whole, migrations: whole.migrations.filter(({ version }) => !versions.includes(version)) };
}

function plan(manifest: Manifest, ...entries: readonly JournalEntry[]): Plan {
  return planRun(takeInventory(manifest, { entries, newestBatch: 1 }));
}

/** The plan of a run that may apply these out of order. */
function planAllowing(names: readonly string[], ...entries: readonly JournalEntry[]): Plan {
  return planRun(takeInventory(whole, { entries, newestBatch: 1 }), names);
}

function versions({ steps }: Plan): readonly string[] {
  return steps.map(({ version }) => version);
}

describe("planRun", () => {
  test("applies everything to an empty database, in order of version", () => {
    expect(plan(whole)).toEqual({
      steps: whole.migrations.map((migration) => ({
        direction: "up",
        version: migration.version,
        name: migration.name,
        migration,
        script: migration.up,
        resumes: null,
      })),
      problems: [],
      warnings: [],
    });
  });

  test("applies what is pending", () => {
    expect(versions(plan(whole, account, session))).toEqual(["3", "10"]);
  });

  test("has nothing to do when everything is applied", () => {
    expect(plan(whole, account, session, device, token)).toEqual({ steps: [], problems: [], warnings: [] });
  });

  test("has nothing to do for a build without migrations", () => {
    expect(plan(without("1", "2", "3", "10"))).toEqual({ steps: [], problems: [], warnings: [] });
  });

  test("goes on with what an earlier run started, before what comes behind it", () => {
    const started: JournalEntry = { ...session, id: "7", state: "started", statementsDone: 1, finishedAt: null };
    const { steps, problems } = plan(whole, account, started);
    expect(steps.map(({ version, resumes }) => [version, resumes])).toEqual([
      ["2", started],
      ["3", null],
      ["10", null],
    ]);
    expect(problems).toEqual([]);
  });

  test("applies again what was rolled back", () => {
    const { steps } = plan(whole, account, { ...session, state: "rolled_back" });
    expect(steps[0]).toMatchObject({ direction: "up", version: "2", resumes: null });
  });

  test("does not mind that a file was edited after it was rolled back", () => {
    expect(plan(whole, account, { ...session, state: "rolled_back", checksum: "another" }).problems).toEqual([]);
  });

  test.each([
    ["applied", "2_session was edited after it was applied"],
    ["started", "2_session was edited after it was started"],
  ] as const)("refuses a migration that was edited after it was %s", (state, message) => {
    expect(plan(whole, account, { ...session, state, checksum: "another" }).problems).toEqual([
      {
        code: "CHECKSUM_CHANGED",
        version: "2",
        file: "2_session.up.sql",
        message,
        hint: "Put the file back as it was and make the change in a new migration, or, when the database already is as the file says now, hj migrations resolve 2 --as checksum.",
      },
    ]);
  });

  test("refuses when an applied migration is gone and the build has newer ones", () => {
    expect(plan(without("2"), account, session, device).problems).toEqual([
      {
        code: "MIGRATION_MISSING",
        version: "2",
        message: "2_session is applied, and this build, which has newer ones, lacks it",
        hint: "Put its files back: a migration that was applied stays part of every later build. When its effect is gone from the schema, hj migrations resolve 2 --as rolled_back.",
      },
    ]);
  });

  test("does not call applied what was only started when its migration is gone", () => {
    const [problem] = plan(without("2"), account, { ...session, state: "started" }).problems;
    expect(problem).toMatchObject({ code: "MIGRATION_MISSING", version: "2" });
    expect(problem?.message).toBe("2_session is started, and this build, which has newer ones, lacks it");
  });

  test("refuses a pending migration that is older than the newest applied one", () => {
    expect(plan(whole, account, device).problems).toEqual([
      {
        code: "OUT_OF_ORDER",
        version: "2",
        message: "2_session is pending and older than 3_device, which is applied",
        hint: "Give it a version newer than 3, or allow it by name: --allow-out-of-order 2.",
      },
    ]);
  });

  test("guesses at other migrations in the same journal when the newest applied one is not this build's", () => {
    const { problems, warnings } = plan(without("10"), account, token);
    expect(problems).toMatchObject([
      { version: "2", hint: expect.stringContaining("need a journal of their own: --journal, HELLOJOHN_JOURNAL.") },
      { version: "3", hint: expect.stringContaining("--allow-out-of-order 3.") },
    ]);
    expect(warnings).toMatchObject([
      { message: "10_token is in the database, and newer than all that this build has" },
    ]);
  });

  test.each(["2", "2_session"])("applies a late migration that is allowed as %s, in order of version", (name) => {
    const allowed = planAllowing([name], account, device);
    expect(allowed.problems).toEqual([]);
    expect(versions(allowed)).toEqual(["2", "10"]);
  });

  test("refuses a late migration beside one that is allowed", () => {
    expect(planAllowing(["2"], account, token).problems).toMatchObject([{ code: "OUT_OF_ORDER", version: "3" }]);
  });

  test.each([
    ["is nowhere", "4", [account, device, token]],
    ["is part of a name", "2_sess", [account, device, token]],
    ["is applied", "1", [account, device, token]],
    ["is pending and not late", "10", [account, session]],
  ])("refuses to allow what %s, because it may be a misspelt name", (_what, name, entries) => {
    expect(planAllowing([name], ...entries).problems).toContainEqual({
      code: "INVALID_EVENT",
      field: "allowOutOfOrder",
      message: `names "${name}", which is not out of order`,
      hint: "Remove it, or correct the name.",
    });
  });

  test("lets nothing through but the order: what was edited is refused all the same", () => {
    const { problems } = planAllowing(["2"], { ...account, checksum: "another" }, device);
    expect(problems).toMatchObject([{ code: "CHECKSUM_CHANGED", version: "1" }]);
  });

  test("refuses while a migration is half rolled back, and does not apply it on top of that", () => {
    const halfway = plan(whole, account, { ...session, state: "rolling_back", finishedAt: null });
    expect(halfway.problems).toEqual([
      {
        code: "ROLLBACK_UNFINISHED",
        version: "2",
        message: "2_session is half rolled back",
        hint: "hj migrations rollback goes on with it; or say what is true with hj migrations resolve 2 --as applied, or --as rolled_back.",
      },
    ]);
    expect(versions(halfway)).not.toContain("2");
  });

  test("refuses, too, while one that this build does not know is half rolled back", () => {
    const { problems } = plan(without("10"), account, session, device, { ...token, state: "rolling_back" });
    expect(problems).toMatchObject([{ code: "ROLLBACK_UNFINISHED", version: "10" }]);
  });

  test("refuses a pending migration that is older than an applied one of a newer build", () => {
    expect(plan(without("10"), account, session, token).problems).toMatchObject([
      { code: "OUT_OF_ORDER", version: "3" },
    ]);
  });

  test("does not take versions for texts when it compares them", () => {
    expect(plan(whole, account, session, device).problems).toEqual([]);
  });

  test("does not apply again a migration whose version has got other zeros", () => {
    const renamed = manifestOf({ "0001_account.up.sql": FILES["1_account.up.sql"] });
    expect(versions(plan(renamed, account))).toEqual([]);
  });

  test("only warns about a database that is ahead, because code that is rolled back must find its way", () => {
    expect(plan(without("3", "10"), account, session, device, token)).toEqual({
      steps: [],
      problems: [],
      warnings: [
        {
          code: "DATABASE_AHEAD",
          version: "3",
          message: "3_device is in the database, and newer than all that this build has",
        },
        {
          code: "DATABASE_AHEAD",
          version: "10",
          message: "10_token is in the database, and newer than all that this build has",
        },
      ],
    });
  });

  test("only warns when a build without migrations meets a database that has some", () => {
    const { problems, warnings } = plan(without("1", "2", "3", "10"), account);
    expect(problems).toEqual([]);
    expect(warnings).toMatchObject([{ code: "DATABASE_AHEAD", version: "1" }]);
  });

  test("says nothing of what was rolled back and is not shipped any more", () => {
    expect(plan(without("2"), account, { ...session, state: "rolled_back" }, device)).toMatchObject({
      problems: [],
      warnings: [],
    });
  });

  test("tells all that stands against a run at once", () => {
    const { problems } = plan(without("3"), { ...account, checksum: "another" }, device, token);
    expect(problems.map(({ code, version }) => `${code} ${version}`)).toEqual([
      "CHECKSUM_CHANGED 1",
      "MIGRATION_MISSING 3",
      "OUT_OF_ORDER 2",
    ]);
  });

  test("never repeats a step, keeps the order, and takes exactly what is shipped and neither applied nor half rolled back", () => {
    const states = fc.constantFrom("applied", "started", "rolling_back", "rolled_back", null);
    const standing = fc.record({ isShipped: fc.boolean(), state: states });
    fc.assert(
      fc.property(fc.tuple(standing, standing, standing, standing), (standings) => {
        const all = whole.migrations.map((migration, index) => ({ migration, ...standings[index] }));
        const shipped = all.filter(({ isShipped }) => isShipped).map(({ migration }) => migration);
        const entries = all.flatMap(({ migration, state }) => (state ? [entryOf(migration, { state })] : []));
        const expected = all
          .filter(({ isShipped, state }) => isShipped && state !== "applied" && state !== "rolling_back")
          .map(({ migration }) => migration.version);
        expect(versions(plan({ ...whole, migrations: shipped }, ...entries.toReversed()))).toEqual(expected);
      }),
    );
  });
});
