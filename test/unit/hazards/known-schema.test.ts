import { describe, expect, test } from "vitest";
import { loadParser, parseSql } from "../../../src/build/parse-sql.ts";
import { readStatement } from "../../../src/build/read-actions.ts";
import {
  type GrowingSchema,
  isProvenNotNull,
  type KnownSchema,
  learn,
  nameKey,
  referencedBy,
  referencing,
  tableOfIndex,
  unprovenBy,
} from "../../../src/hazards/known-schema.ts";

await loadParser();

/** What is known after a migration of these statements. */
function known(sql: string, from: KnownSchema = new Map(), since = "1"): KnownSchema {
  return actionsOf(sql).reduce<GrowingSchema>((schema, action) => learn(schema, action, since), new Map(from));
}

function actionsOf(sql: string) {
  const parsed = parseSql(sql);
  if ("offset" in parsed) throw new TypeError(parsed.message);
  return parsed.flatMap((statement) => readStatement(statement).actions);
}

const name = (text: string) => ({ schema: null, name: text });
const t = name("t");
const TABLE = "create table t (a int, b int, c text);";
const keys = (map: ReadonlyMap<string, unknown> | undefined) => [...(map?.keys() ?? [])];
const table = (schema: KnownSchema, key = "t") => schema.get(key);

describe("a column that holds no null is known as such", () => {
  const check = "alter table t add constraint p check (a is not null) not valid;";
  test.each<[what: string, sql: string, isProven: boolean]>([
    ["nothing says so", TABLE, false],
    ["the table is not known", "select 1", false],
    ["beside the column", "create table t (a int not null)", true],
    ["as the primary key", "create table t (a int, primary key (a))", true],
    ["as a primary key that comes later", `${TABLE} alter table t add primary key (a)`, true],
    [
      "as a primary key over an index",
      `${TABLE} create unique index u on t (a); alter table t add primary key using index u`,
      true,
    ],
    ["by an identity", "create table t (a int generated always as identity)", true],
    ["set", `${TABLE} alter table t alter a set not null`, true],
    ["set and dropped", `${TABLE} alter table t alter a set not null; alter table t alter a drop not null`, false],
    ["by a check that is not valid", `${TABLE}${check}`, false],
    ["by a check that was validated", `${TABLE}${check} alter table t validate constraint p`, true],
    [
      "by a check that PostgreSQL named",
      `${TABLE} alter table t add check (a is not null) not valid; alter table t validate constraint t_a_check`,
      true,
    ],
    ["by one of two checks joined by AND", "create table t (a int, b int, check (b > 0 and a is not null))", true],
    ["by one of two checks joined by OR", "create table t (a int, b int, check (b > 0 or a is not null))", false],
    [
      "by a check that is gone under its new name",
      `${TABLE} alter table t add constraint p check (a is not null); alter table t rename constraint p to q; alter table t drop constraint q`,
      false,
    ],
    [
      "by a check of a column that went and came back",
      `${TABLE} alter table t add constraint p check (a is not null); alter table t drop column a; alter table t add column a int`,
      false,
    ],
    [
      "by a check of the column's name before",
      `create table t (b int, check (b is not null)); alter table t rename column b to a`,
      true,
    ],
    [
      "by PostgreSQL 18's NOT NULL that is not valid",
      `${TABLE} alter table t add constraint n not null a not valid`,
      false,
    ],
    [
      "by PostgreSQL 18's NOT NULL, validated",
      `${TABLE} alter table t add constraint n not null a not valid; alter table t validate constraint n`,
      true,
    ],
  ])("%s", (_what, sql, isProven) => {
    expect(isProvenNotNull(known(sql), t, "a")).toBe(isProven);
  });

  test("a primary key over an index reads the table for the columns that nothing has proven", () => {
    const schema = known("create table t (a int not null, b int); create unique index u on t (a, b)");
    const [action] = actionsOf("alter table t add constraint k primary key using index u");
    if (action?.kind !== "add_constraint") throw new TypeError("no constraint");
    expect(unprovenBy(schema, t, action.constraint)).toEqual(["b"]);
  });
});

describe("what goes with a column, and what follows it", () => {
  const full = `${TABLE} create index i on t (a); create index j on t (lower(c)); create index k on t (b) where c <> '';
    alter table t add constraint u unique (a, b), add constraint x check (b > 0);`;

  test.each<[column: string, constraints: readonly string[], indexes: readonly string[]]>([
    ["a", ["x"], ["j", "k"]],
    ["b", [], ["i", "j"]],
    ["c", ["u", "x"], ["i"]],
  ])("without %s", (column, constraints, indexes) => {
    const left = table(known(`${full} alter table t drop column ${column}`));
    expect([keys(left?.constraints), keys(left?.indexes)]).toEqual([constraints, indexes]);
    expect(left?.columns.has(column)).toBe(false);
  });

  test("a column under its new name has what it had", () => {
    const schema = known(`${full} alter table t rename column b to z; alter table t rename column c to y`);
    const { columns, constraints, indexes } = table(schema) ?? {};
    expect(keys(columns)).toEqual(["a", "z", "y"]);
    expect(columns?.get("z")?.name).toBe("z");
    expect(constraints?.get("u")?.columns).toEqual(["a", "z"]);
    expect(constraints?.get("x")?.columns).toEqual(["z"]);
    expect([indexes?.get("j")?.uses, indexes?.get("k")?.uses, indexes?.get("k")?.columns]).toEqual([
      ["y"],
      ["y"],
      ["z"],
    ]);
  });
});

describe("indexes and constraints are found under the names that they have now", () => {
  test.each<[what: string, sql: string, index: string, found: boolean]>([
    ["an index", "create index i on t (a)", "i", true],
    ["one that was dropped", "create index i on t (a); drop index i", "i", false],
    ["one with a new name", "create index i on t (a); alter index i rename to j", "j", true],
    ["not by its old name", "create index i on t (a); alter index i rename to j", "i", false],
    ["a constraint's", "alter table t add constraint k unique (a)", "k", true],
    [
      "a constraint's that was renamed as an index",
      "alter table t add constraint k unique (a); alter index k rename to m",
      "m",
      true,
    ],
    [
      "one that a constraint took over is there under the constraint's name",
      "create unique index i on t (a); alter table t add constraint k unique using index i",
      "i",
      false,
    ],
  ])("%s", (_what, sql, index, found) => {
    const schema = known(`${TABLE} ${sql}`);
    expect(tableOfIndex(schema, name(index))?.name ?? null).toEqual(found ? t : null);
  });

  test("an index is looked for in the schema of its table", () => {
    const schema = known("create table s.t (a int); create index i on s.t (a)");
    expect(tableOfIndex(schema, name("i"))).toBeNull();
    expect(tableOfIndex(schema, { schema: "s", name: "i" })?.name).toEqual({ schema: "s", name: "t" });
  });

  test("a constraint that took over an index has its columns", () => {
    const schema = known(
      `${TABLE} create unique index i on t (b, a); alter table t add constraint k unique using index i`,
    );
    expect(table(schema)?.constraints.get("k")?.columns).toEqual(["b", "a"]);
  });
});

describe("foreign keys join tables", () => {
  const sql = "create table p (id int primary key); create table t (p int references p, self int references t);";

  test("both ways, but for a table's own", () => {
    const schema = known(sql);
    expect(referencedBy(schema, t)).toEqual([name("p")]);
    expect(referencing(schema, name("p"))).toEqual([t]);
    expect(referencing(schema, t)).toEqual([]);
  });

  test.each<[what: string, more: string, parent: string, children: readonly string[]]>([
    ["under the parent's new name", "alter table p rename to q", "q", ["t"]],
    ["not under its old one", "alter table p rename to q", "p", []],
    ["under the child's new name", "alter table t rename to u", "p", ["u"]],
    ["not where the child is gone", "drop table t", "p", []],
    ["not where the parent is gone and made again", "drop table p cascade; create table p (id int)", "p", []],
    ["not where the key is gone", "alter table t drop constraint t_p_fkey", "p", []],
    ["not where its column is gone", "alter table t drop column p", "p", []],
  ])("%s", (_what, more, parent, children) => {
    expect(referencing(known(sql + more), name(parent)).map(({ name: child }) => child)).toEqual(children);
  });

  test("a parent in another schema", () => {
    const schema = known(`${sql} alter table p set schema s`);
    expect(referencedBy(schema, t)).toEqual([{ schema: "s", name: "p" }]);
    expect(schema.has(nameKey({ schema: "s", name: "p" }))).toBe(true);
  });
});

describe("what brought something", () => {
  test("is the migration that made it first", () => {
    const first = known(TABLE);
    const second = known(
      "create table if not exists t (z int); alter table t add column if not exists a text, add column d int;",
      first,
      "2",
    );
    expect(table(second)?.since).toBe("1");
    expect(
      [...(table(second)?.columns.values() ?? [])].map((column) => [column.name, column.type.name, column.since]),
    ).toEqual([
      ["a", "int4", "1"],
      ["b", "int4", "1"],
      ["c", "text", "1"],
      ["d", "int4", "2"],
    ]);
  });

  test("stays so under another name", () => {
    const schema = known("alter table t rename column a to z; alter table t rename to u;", known(TABLE), "2");
    expect([table(schema, "u")?.since, table(schema, "u")?.columns.get("z")?.since]).toEqual(["1", "1"]);
  });
});

test("a table is one under all spellings of its schema, and not what is before", () => {
  const before = known("create table public.t (a int)");
  const after = known("alter table t add column b int", before);
  expect(keys(table(after)?.columns)).toEqual(["a", "b"]);
  expect(keys(table(before)?.columns)).toEqual(["a"]);
});
