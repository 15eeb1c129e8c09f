// Long chains of operators and UNIONs, as generators write them: in a syntax tree each link is one level deeper.
import { beforeAll, describe, expect, test } from "vitest";
import { compile } from "../../../src/build/compile.ts";
import { foresee } from "../../../src/build/foresee.ts";
import { loadParser } from "../../../src/build/parse-sql.ts";

beforeAll(loadParser);

function chain(length: number, link: string, operator: string): string {
  return Array(length).fill(link).join(operator);
}

describe("a statement that is 5,000 levels deep", () => {
  const sum = chain(5_000, "1", " + ");
  const union = chain(5_000, "select 1", " union all ");

  test.each([
    ["a view over a chain of operators", `create view v as select ${sum}`],
    ["a default", `alter table t add column b int default ${sum}`],
    ["a check", `alter table t add constraint c check (a = ${sum}) not valid`],
    ["a generated column", `create table t (a int generated always as (${sum}) stored)`],
    ["a delete", `delete from t where a = ${sum}`],
    ["an insert of a chain of UNIONs", `insert into t ${union}`],
    ["a table of a chain of UNIONs", `create table u as ${union}`],
  ])("compiles and is judged, up and down: %s", (_what, sql) => {
    const up = { file: "1_deep.up.sql", sql: `${sql};` };
    const manifest = compile([up, { ...up, file: "1_deep.down.sql" }]);
    if ("problems" in manifest) throw new TypeError(JSON.stringify(manifest.problems));
    expect(foresee(manifest).problems).toEqual([]);
  });
});

// One: what such a text does to the parser stays in this process. More of them: test/e2e/directories.test.ts.
test("a statement that is deeper than the parser can go is told with everything else that is wrong", () => {
  const deep = { file: "1_deep.up.sql", sql: `create view v as select ${chain(50_000, "1", " + ")};` };
  expect(compile([deep, { file: "2_broken.up.sql", sql: "selct 1" }])).toMatchObject({
    problems: [
      { file: "1_deep.up.sql", message: "nests deeper than can be read" },
      { file: "2_broken.up.sql", message: 'syntax error at or near "selct"' },
    ],
  });
});
