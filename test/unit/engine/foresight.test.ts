// What a dry run says of statements and tables before anybody has looked at the database.
import { describe, expect, test } from "vitest";
import { hazardsOf, lockedTables, statementsOf } from "../../../src/engine/foresight.ts";
import type { Step } from "../../../src/engine/step.ts";
import type { TableLock } from "../../../src/migration/foreseen.ts";
import { hazardOf, lockOn, withForeseen } from "../../support/foreseen.ts";
import { entryOf, manifestOf } from "../../support/manifest.ts";

/** The steps of these files, each with one list of locks for each of its statements. */
function stepsOf(files: Record<string, string>, locks: Record<string, TableLock[][]> = {}): Step[] {
  const foreseen = Object.fromEntries(
    Object.entries(locks).map(([version, lists]) => [version, { hazards: [], locks: lists }]),
  );
  return withForeseen(manifestOf(files), foreseen).migrations.map((migration) => {
    const { version, name, up } = migration;
    return { direction: "up", version, name, migration, script: up, resumes: null };
  });
}

function excerptsOf(sql: string): unknown {
  return statementsOf(stepsOf({ "1_a.up.sql": sql }), "public")[0]?.statements?.map(({ line, excerpt }) => [
    line,
    excerpt,
  ]);
}

describe("a statement", () => {
  test("stands at its own line, whatever the line ends and the comments before it", () => {
    expect(excerptsOf("-- a\r\n\r\nselect 1;\r/* b\n */ select\n  2\n;\nselect 3")).toEqual([
      [3, "select 1"],
      [5, "select 2"],
      [8, "select 3"],
    ]);
  });

  test("begins at its first word, also where its range begins with the comment before it", () => {
    const [step] = stepsOf({ "1_a.up.sql": "-- why\n\nselect 1" });
    const { script } = step as Step;
    const wide = { ...script, statements: script.statements.map((statement) => ({ ...statement, start: 0 })) };
    const [told] = statementsOf([{ ...(step as Step), script: wide }], "public");
    expect(told).toEqual({ statements: [{ line: 3, excerpt: "select 1" }] });
  });

  test("is one line of 200 characters at most, and never half a character", () => {
    const long = `select ${"😀".repeat(300)}`.replace("😀", '"😀').concat('"');
    for (const sql of [long, `x${long}`.replace("xselect", "select  1,")]) {
      const [[, excerpt]] = excerptsOf(sql) as [[number, string]];
      expect(excerpt.length).toBeGreaterThan(195);
      expect(excerpt.length).toBeLessThanOrEqual(200);
      expect(excerpt.isWellFormed()).toBe(true);
      expect(excerpt.endsWith("…")).toBe(true);
    }
  });

  test("shows no literal, and no part of one that is cut off", () => {
    const [[, excerpt]] = excerptsOf(`insert into a values ('s3cret', $$s3cret$$, '${"s3cret ".repeat(100_000)}')`) as [
      [number, string],
    ];
    expect(excerpt).toMatch(/^insert into a values \('\*{6}', \$\$\*{6}\$\$, '\*+…$/);
  });

  test("of a step that goes on is told from where it goes on", () => {
    const [step] = stepsOf({ "1_a.up.sql": "select 1;\nselect 2;\nselect 3" });
    if (step?.direction !== "up") throw new TypeError("no step");
    const resumes = entryOf(step.migration, { state: "started", statementsDone: 2 });
    expect(statementsOf([{ ...step, resumes }], "public")).toEqual([
      { statements: [{ line: 3, excerpt: "select 3" }] },
    ]);
  });
});

describe("more statements than any report holds", () => {
  test("are counted, and those that lock something are kept before those that do not", () => {
    const many = "select 1;\n".repeat(3_000);
    const steps = stepsOf(
      { "1_a.up.sql": many, "2_b.up.sql": many },
      { "2": Array.from({ length: 3_000 }, (_, index) => (index % 2 ? [lockOn("account")] : [])) },
    );
    const [first, second] = statementsOf(steps, "public");
    expect([first?.statements?.length, first?.omitted]).toEqual([500, 2_500]);
    expect([second?.statements?.length, second?.omitted]).toEqual([1_500, 1_500]);
    expect(second?.statements?.every(({ locks }) => locks?.length === 1)).toBe(true);
    expect(second?.statements?.map(({ line }) => line).slice(0, 3)).toEqual([2, 4, 6]);
  });
});

describe("the tables of a run", () => {
  test("are listed once each, with their schema only where it is another one", () => {
    const steps = stepsOf(
      { "1_a.up.sql": "select 1; select 2", "2_b.up.sql": "select 3", "3_c.up.sql": "select 4" },
      { "1": [[lockOn("a"), lockOn("other.a")], [lockOn("tenant.a", "ShareLock")]], "2": [[lockOn("b"), lockOn("a")]] },
    );
    expect(lockedTables(steps, "tenant")).toEqual([
      { schema: "tenant", table: "a", name: "a" },
      { schema: "other", table: "a", name: "other.a" },
      { schema: "tenant", table: "b", name: "b" },
    ]);
    const named = statementsOf(steps, "tenant").flatMap(({ statements = [] }) =>
      statements.flatMap(({ locks = [] }) => locks.map(({ table }) => table)),
    );
    expect(named).toEqual(["a", "other.a", "a", "b", "a"]);
  });

  test("are quoted where the name would be read as two, or as another one", () => {
    const lock = (schema: string | null, name: string): TableLock => ({ ...lockOn("x"), table: { schema, name } });
    const locks = [lock(null, "a.b"), lock("a", "b"), lock(null, "User"), lock("My", 'x"y')];
    expect(
      lockedTables(stepsOf({ "1_a.up.sql": "select 1" }, { "1": [locks] }), "public").map(({ name }) => name),
    ).toEqual(['"a.b"', "a.b", '"User"', '"My"."x""y"']);
  });
});

describe("hazards", () => {
  test("are told with their file, and not at all where there are none or nobody looked", () => {
    const files = { "1_a.up.sql": "select 1", "2_b.up.sql": "select 1", "3_c.sql": "select 1" };
    const manifest = withForeseen(manifestOf(files), {
      "2": { hazards: [], locks: [[]] },
      "3": { hazards: [hazardOf({ line: 7 })], locks: [[]] },
    });
    expect(manifest.migrations.map(hazardsOf)).toEqual([
      {},
      {},
      { hazards: [{ ...hazardOf({ line: 7 }), file: "3_c.sql" }] },
    ]);
    expect(hazardsOf(null)).toEqual({});
  });
});
