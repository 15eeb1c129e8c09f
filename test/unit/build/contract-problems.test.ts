import { describe, expect, test } from "vitest";
import { compile } from "../../../src/build/compile.ts";
import { loadParser } from "../../../src/build/parse-sql.ts";

await loadParser();

/** What is wrong with a third migration that begins with these lines. */
function problemsOf(...lines: readonly string[]) {
  const compiled = compile([
    { file: "1_a.up.sql", sql: "create table a ();" },
    { file: "2_b.up.sql", sql: "-- hj:phase contract after 0001\ndrop table a;" },
    { file: "3_c.up.sql", sql: [...lines, "select 1;"].join("\n") },
    { file: "4_d.up.sql", sql: "select 1;" },
  ]);
  return "problems" in compiled ? compiled.problems : [];
}

describe("the version that a contract migration names", () => {
  test("is an older expand migration, in any spelling", () => {
    expect(problemsOf("-- hj:phase contract after 0001")).toEqual([]);
  });

  test.each([
    ["9", "names a version that this directory does not have"],
    ["4", "names no older migration"],
    ["3", "names no older migration"],
    ["2", "names 2_b, which is a contract migration itself"],
  ])("is not %s: it %s", (version, message) => {
    expect(problemsOf("-- why", `-- hj:phase contract after ${version}`)).toEqual([
      {
        code: "INVALID_MIGRATION",
        file: "3_c.up.sql",
        line: 2,
        version: "3",
        message: `-- hj:phase contract after ${version} ${message}`,
        hint: expect.stringContaining("Name the older expand migration"),
      },
    ]);
  });
});
