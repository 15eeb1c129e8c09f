// What is as large as somebody may make it, and read in one go all the same. Nothing here is measured: where the time grows
// with the square of the size, as it once did in each of these, they do not come to an end.
import { describe, expect, test } from "vitest";
import { compile } from "../../src/build/compile.ts";
import { judgedFile } from "../../src/build/foresee.ts";
import { hiddenIn } from "../../src/build/hidden-code.ts";
import { decodeForeignJournal } from "../../src/engine/foreign-journal.ts";
import { takeInventory } from "../../src/engine/inventory.ts";
import { planRun } from "../../src/engine/plan.ts";
import { parseRequest } from "../../src/engine/request.ts";
import { storeDown } from "../../src/engine/stored-down.ts";
import { lint } from "../../src/hazards/lint.ts";
import { parseDirectives } from "../../src/migration/directives.ts";
import type { SchemaObject } from "../../src/migration/schema-change.ts";
import { placesIn } from "../../src/migration/text-place.ts";
import { driftOf } from "../../src/schema/drift.ts";
import { keysOf } from "../../src/schema/table-keys.ts";
import { entryOf, manifestOf, migrationOf } from "../support/manifest.ts";

function numbered<T>(length: number, of: (number: number) => T): T[] {
  return Array.from({ length }, (_, index) => of(index));
}

describe("a text of one line", () => {
  test("is found its way in, from any place to any other", () => {
    const text = "😀é".repeat(1_000_000);
    const placeOf = placesIn(text);
    for (let offset = 0; offset <= text.length; offset += 30)
      expect(placeOf(offset)).toEqual({ line: 1, column: 1 + (offset / 3) * 2, lineStart: 0 });
    expect(placeOf(3)).toEqual({ line: 1, column: 3, lineStart: 0 });
  });

  test("is told everything that is wrong with it", () => {
    const sql = "begin; insert into a values (1); commit; ".repeat(20_000);
    const compiled = compile([{ file: "0001_a.up.sql", sql }]);
    expect("problems" in compiled && compiled.problems.at(-1)).toMatchObject({ line: 1, column: sql.length - 7 });
  });

  test("is kept as a way back", () => {
    const migration = manifestOf({
      "0001_a.up.sql": "create table a ()",
      "0001_a.down.sql": "drop table if exists a; ".repeat(20_000),
    }).migrations[0];
    const stored = JSON.parse((migration && storeDown(migration)) ?? "{}");
    expect(stored.statements).toHaveLength(20_000);
    expect(stored.statements[19_999]).toMatchObject({ line: 1, indent: 24 * 19_999 });
  });

  test("is a directive, whatever stands between its words", () => {
    const sql = `-- hj:timeout${" ".repeat(1_000_000)}5s${" ".repeat(1_000_000)}\ncreate table a ()`;
    expect(parseDirectives("0001_a.up.sql", "up", sql)).toMatchObject({ timeoutMs: 5_000 });
    const wrong = `-- hj:timeout 5s${" ".repeat(1_000_000)}x\ncreate table a ()`;
    expect(parseDirectives("0001_a.up.sql", "up", wrong)).toHaveProperty("problems");
  });
});

test("a body of code with comments that do not end is looked through", () => {
  expect(hiddenIn(`${"/* ".repeat(1_000_000)} execute`)).toBeNull();
  expect(hiddenIn("raise notice 'execute it''s execute'; execute 'x'")).toBe("EXECUTE");
});

test("a file with a statement for each of many tables is judged", () => {
  const sql = numbered(30_000, (n) => `create table t${n} (id int primary key);`).join("\n");
  const [judgement] = lint([judgedFile(migrationOf("0001_a.up.sql", sql))], []);
  expect(judgement?.foreseen.hazards).toEqual([]);
});

test("many names may come out of order, and many that do not are told", () => {
  const names = numbered(10_000, (n) => `${n + 1}_x`);
  const manifest = manifestOf(Object.fromEntries(names.map((name) => [`${name}.up.sql`, "create table a ()"])));
  const newest = manifest.migrations.at(-1);
  const inventory = takeInventory(manifest, { entries: newest ? [entryOf(newest)] : [], newestBatch: 1 });
  expect(planRun(inventory, names.slice(0, -1)).problems).toEqual([]);
  const wrong = numbered(10_000, (n) => `${"_".repeat(190)}${n}`);
  expect(planRun(inventory, [...names.slice(0, -1), ...wrong]).problems).toHaveLength(10_000);
});

test("a schema of which everything is printed differently is told, each thing with its migration", () => {
  const objects = numbered(
    60_000,
    (n): SchemaObject => ({
      kind: "table",
      of: "",
      name: `t${n}`,
      definition: "a",
      isValid: true,
    }),
  );
  const expectations = objects.map((object, n) => ({
    version: String(n),
    isApplied: true,
    change: { sets: [object], removes: [] },
  }));
  const found = objects.map((object) => ({ ...object, definition: "b" }));
  const drift = driftOf(expectations, found, false);
  expect(drift).toHaveLength(60_000);
  for (const { object, version } of drift) expect(object.name).toBe(`t${version}`);
});

test("another tool's journal may have as many rows as the build has versions", () => {
  const rows = numbered(20_000, (n) => ({ entry: JSON.stringify({ version: `${n}`, name: `${n + 5}_file.sql` }) }));
  const versions = numbered(20_100, String);
  expect(decodeForeignJournal("schema_migrations", rows, versions)).toMatchObject({ newest: "20004" });
});

test("a name with many quotes is a name", () => {
  const name = `"${'""'.repeat(200)}"`;
  const column = { kind: "column", of: "t", name: '"'.repeat(200), definition: "integer", isValid: true } as const;
  const index = {
    kind: "index",
    of: "t",
    name: "i",
    definition: `unique USING btree (${name}) INCLUDE (${name}) WHERE (x > 0)`,
    isValid: true,
  } as const;
  const table = { kind: "table", of: "", name: "t", definition: "", isValid: true } as const;
  expect(keysOf([table, column, index], "t").uniqueTogether).toEqual([]);
});

describe("an event", () => {
  test("with half a million fields is told the first of them, and how many more there are", () => {
    const event = Object.fromEntries(numbered(500_000, (n) => [`key ${n}`, n]));
    const parsed = parseRequest({ command: "run", ...event });
    expect("problems" in parsed && parsed.problems).toHaveLength(101);
    expect("problems" in parsed && parsed.problems.at(-1)?.message).toBe("499900 more fields are none of a request");
  });

  test("that is nested deeper than a stack is refused", () => {
    const deep = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`);
    for (const field of ["command", "steps", "allowOutOfOrder", "timeout", "continuation", "dryRun", "throwOnFailure"])
      expect(parseRequest({ command: "run", [field]: deep })).toHaveProperty("problems");
    expect(parseRequest(deep)).toHaveProperty("problems");
  });
});
