// What the downs of a rollback take away, by the names that things have before it.
import { describe, expect, test } from "vitest";
import type { Step } from "../../../src/engine/step.ts";
import { decodeDown, storeDown } from "../../../src/engine/stored-down.ts";
import { type Sweep, sweepOf } from "../../../src/engine/sweep.ts";
import type { Manifest, Migration } from "../../../src/migration/manifest.ts";
import { entryOf, manifestOf } from "../../support/manifest.ts";

const NOTHING = manifestOf({});

/** A migration for each of the downs; the last one is the oldest. */
function migrationsOf(downs: readonly string[]): readonly Migration[] {
  const files = downs.toReversed().flatMap((down, index) => [
    [`${index + 1}_m.up.sql`, "select 1"],
    [`${index + 1}_m.down.sql`, down],
  ]);
  return manifestOf(Object.fromEntries(files)).migrations.toReversed();
}

/** Through the journal, as a build stores it; `isOld` is one that knew nothing of effects. */
function stepOf(migration: Migration, isOld = false, statementsDone: number | null = null): Step {
  const down = storeDown(migration) ?? "";
  const old = (key: string, value: unknown) => (key === "effects" ? undefined : value);
  const stored = isOld ? JSON.stringify(JSON.parse(down, old)) : down;
  const { script } = decodeDown({ down: stored, irreversible: null });
  if (script === null) throw new TypeError("has no down");
  const entry = entryOf(migration, { state: statementsDone === null ? "applied" : "rolling_back" });
  const resumes = statementsDone === null ? null : { ...entry, statementsDone };
  return { direction: "down", version: migration.version, name: migration.name, script, resumes, entry };
}

function sweep(...downs: readonly string[]): Sweep {
  return sweepOf(
    migrationsOf(downs).map((migration) => stepOf(migration)),
    NOTHING,
    "app",
  );
}

function tablesIn({ tables }: Sweep): readonly string[] {
  return tables.map(({ version, verb, schema, name }) => `${version} ${verb} ${schema}.${name ?? "*"}`);
}

function columnsIn({ columns }: Sweep): readonly string[] {
  return columns.map(({ version, schema, table, column }) => `${version} ${schema}.${table}.${column}`);
}

describe("sweepOf", () => {
  test("takes a name without a schema for one of the target's", () => {
    const found = sweep("drop table a, s.b; truncate c; alter table d drop column x; alter table s.e drop column y");
    expect(tablesIn(found)).toEqual(["1 drop app.a", "1 drop s.b", "1 empty app.c"]);
    expect(columnsIn(found)).toEqual(["1 app.d.x", "1 s.e.y"]);
  });

  test("goes through the migrations in the order of the rollback", () => {
    const found = sweep("drop table b", "drop table a");
    expect(found.tables.map(({ step, migration }) => [step, migration])).toEqual([
      [0, "2_m"],
      [1, "1_m"],
    ]);
  });

  test.each([
    ["a table that was renamed", ["alter table a rename to b; drop table b"], ["1 drop app.a"]],
    ["one that a newer migration renames back", ["alter table b rename to a", "drop table a"], ["1 drop app.b"]],
    [
      "one that was renamed twice",
      ["alter table a rename to b; alter table b rename to c; drop table c"],
      ["1 drop app.a"],
    ],
    ["one in the place of one that was renamed", ["alter table a rename to b; create table a (); drop table a"], []],
    [
      "two that changed names",
      ["alter table a rename to t; alter table b rename to a; alter table t rename to b; drop table a"],
      ["1 drop app.b"],
    ],
    ["one that is made anew and dropped again", ["drop table a; create table a (); drop table a"], ["1 drop app.a"]],
    ["one that was moved to another schema", ["alter table a set schema s; drop table s.a"], ["1 drop app.a"]],
    [
      "one in a schema that was renamed",
      ["alter schema s rename to t; drop table t.a; drop table s.b"],
      ["1 drop s.a"],
    ],
    ["all of a schema that was renamed", ["alter schema s rename to t; drop schema t cascade"], ["1 drop s.*"]],
    [
      "one that was moved into the schema that is dropped",
      ["alter table a set schema s; drop schema s cascade"],
      ["1 drop s.*", "1 drop app.a"],
    ],
  ])("finds %s by its first name", (_what, downs, expected) => {
    expect(tablesIn(sweep(...downs))).toEqual(expected);
  });

  test("spares what was moved out of a schema before it is dropped", () => {
    expect(sweep("alter table s.a set schema app; drop schema s cascade").tables).toMatchObject([
      { schema: "s", name: null, spared: ["a"] },
    ]);
  });

  test.each([
    ["alter table a rename column x to y; alter table a drop column y", ["1 app.a.x"]],
    ["alter table a rename to b; alter table b rename x to y; alter table b drop column y", ["1 app.a.x"]],
    ["alter table a rename x to y; alter table a add column x int; alter table a drop column x", []],
    ["alter table a drop column x; alter table a add column x int; alter table a drop column x", ["1 app.a.x"]],
    ["drop table a; create table a (x int); alter table a drop column x", []],
  ])("follows the columns in %j", (down, expected) => {
    expect(columnsIn(sweep(down))).toEqual(expected);
  });

  test("looks only at the statements that a half done rollback has left", () => {
    const [migration] = migrationsOf(["alter table a rename to b; drop table b; drop table c"]) as [Migration];
    expect(tablesIn(sweepOf([stepOf(migration, false, 1)], NOTHING, "app"))).toEqual(["1 drop app.b", "1 drop app.c"]);
    expect(tablesIn(sweepOf([stepOf(migration, false, 2)], NOTHING, "app"))).toEqual(["1 drop app.c"]);
  });

  describe("of an entry that says nothing of effects", () => {
    const [migration] = migrationsOf(["-- first\ndrop table a;\n\ndrop table b;"]) as [Migration];
    const build = (down: string): Manifest => manifestOf({ "01_m.up.sql": "select 2", "01_m.down.sql": down });

    test.each([
      ["has the same statements", "-- first\ndrop table a;\ndrop table b;\n", ["1 drop app.a", "1 drop app.b"]],
      ["has other statements", "drop table a; drop table c;", null],
      ["has more statements", "-- first\ndrop table a; drop table b; drop table c;", null],
    ])("asks the build's own file where it %s", (_what, down, expected) => {
      const found = sweepOf([stepOf(migration, true)], build(down), "app");
      expect(tablesIn(found)).toEqual(expected ?? []);
      expect(found.unknown.map(({ version }) => version)).toEqual(expected === null ? ["1"] : []);
    });

    test("calls it unknown where the build does not ship it", () => {
      expect(sweepOf([stepOf(migration, true)], NOTHING, "app").unknown).toEqual([
        { step: 0, version: "1", migration: "1_m" },
      ]);
    });

    test("has nothing to ask where nothing is left to run, or there was nothing", () => {
      const [empty] = migrationsOf(["-- nothing"]) as [Migration];
      expect(sweepOf([stepOf(migration, true, 2), stepOf(empty, true)], NOTHING, "app").unknown).toEqual([]);
    });
  });

  test("keeps calls and what cannot be seen with their migration", () => {
    const found = sweep("do $$ begin end $$", "select f()");
    expect(found.unseen).toEqual([{ step: 0, version: "2", migration: "2_m", what: "a DO block" }]);
    expect(found.calls).toEqual([{ step: 1, version: "1", migration: "1_m", function: { schema: null, name: "f" } }]);
  });
});
