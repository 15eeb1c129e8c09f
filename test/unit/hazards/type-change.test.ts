import { expect, test } from "vitest";
import { loadParser } from "../../../src/build/parse-sql.ts";
import { hazardsOf, judgedExample } from "../../support/judged-example.ts";

await loadParser();

// Which types need it is held against PostgreSQL in test/integration/type-change.test.ts; here is what is known of the column.
const BEFORE = "create table t (id int primary key, c varchar(10), words text[]);";
const LONGER = "alter table t alter c type varchar(20);";

test.each<[what: string, files: readonly string[], found: readonly string[]]>([
  ["a column of a known type", [BEFORE, LONGER], []],
  ["a table that no migration made", ["alter table u alter c type varchar(20);"], ["change-column-type u.c"]],
  ["a column that no migration made", [BEFORE, "alter table t alter d type text;"], ["change-column-type t.d"]],
  ["a table of the same file", [`${BEFORE} alter table t alter c type int using 1;`], []],
  [
    "a column of the same file in a full table",
    [BEFORE, "alter table t add d int; alter table t alter d type bigint;"],
    ["change-column-type t.d"],
  ],
  [
    "the type that the column got meanwhile",
    [BEFORE, LONGER, "alter table t alter c type varchar(15);"],
    ["change-column-type t.c"],
  ],
  [
    "an array, which nobody looks into",
    [BEFORE, "alter table t alter words type varchar[];"],
    ["change-column-type t.words"],
  ],
  ["the same array", [BEFORE, "alter table t alter words type text[];"], []],
  [
    "an index of the same file, which is a lesser harm than the change",
    [BEFORE, `create index on t (lower(c)); ${LONGER}`],
    ["create-index t", "change-indexed-column-type t.c"],
  ],
  [
    "an index that was dropped before",
    [`${BEFORE} create index i on t (lower(c));`, "drop index concurrently i;", LONGER],
    [],
  ],
  [
    "an index by its new name",
    [`${BEFORE} create index i on t (lower(c)); alter index i rename to j;`, "drop index concurrently j;", LONGER],
    [],
  ],
  [
    "a check that was validated later",
    [
      BEFORE,
      "alter table t add constraint k check (c <> '') not valid;",
      LONGER,
      "alter table t validate constraint k;",
      LONGER,
    ],
    ["change-indexed-column-type t.c"],
  ],
])("%s", (_what, files, found) => {
  expect(hazardsOf(files).flat()).toEqual(found);
});

test("a type that nobody knows is foreseen as the worst", () => {
  const [, judgement] = judgedExample(["alter table u alter c type text;"]).judgements;
  expect(judgement?.foreseen.locks.flat()).toEqual([
    { table: { schema: null, name: "u" }, mode: "AccessExclusiveLock", work: "rewrite" },
  ]);
});
