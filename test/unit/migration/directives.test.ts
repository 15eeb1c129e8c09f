import { describe, expect, test } from "vitest";
import { isDirectiveLine, parseDirectives } from "../../../src/migration/directives.ts";

const NONE = {
  transaction: true,
  detach: false,
  timeoutMs: null,
  irreversible: null,
  contractAfter: null,
  waivers: [],
};

/** Line and message of every problem; fails when there is none. */
function problemsOf(sql: string, direction: "up" | "down" = "up") {
  const directives = parseDirectives("0001_account.up.sql", direction, sql);
  if (!("problems" in directives)) throw new TypeError("no problem was found");
  return directives.problems.map(({ line, message }) => [line, message]);
}

describe("parseDirectives", () => {
  test.each([
    ["no directive", "create table account ();", NONE],
    ["nothing at all", "", NONE],
    ["transaction", "-- hj:transaction off\nselect 1;", { ...NONE, transaction: false }],
    ["timeout", "-- hj:timeout 1h30m\nselect 1;", { ...NONE, timeoutMs: 5_400_000 }],
    ["detach", "-- hj:detach\nselect 1;", { ...NONE, detach: true }],
    ["irreversible", "-- hj:irreversible data is gone\nselect 1;", { ...NONE, irreversible: "data is gone" }],
    ["phase", "-- hj:phase contract  after 20240601_001\nselect 1;", { ...NONE, contractAfter: "20240601_001" }],
    [
      "waivers, as many as there are",
      '-- hj:allow drop-column session.token nobody reads it\n-- a comment\n-- hj:allow drop-table "My Table" "gone" since May\n',
      {
        ...NONE,
        waivers: [
          { rule: "drop-column", object: "session.token", reason: "nobody reads it", line: 1 },
          { rule: "drop-table", object: '"My Table"', reason: '"gone" since May', line: 3 },
        ],
      },
    ],
    [
      "all of them, among comments and blank lines",
      "-- Accounts.\n\n--hj:timeout 90s \n  -- hj:transaction   off\n--\n-- hj:irreversible  gone \nselect 1;",
      { ...NONE, transaction: false, timeoutMs: 90_000, irreversible: "gone" },
    ],
    ["a byte-order mark and CRLF", "\uFEFF-- hj:timeout 5m\r\nselect 1;\r\n", { ...NONE, timeoutMs: 300_000 }],
    ["lines that end in CR", "-- hj:timeout 5m\rselect 1;", { ...NONE, timeoutMs: 300_000 }],
    ["a remark about hj: that is no directive", "-- see hj:timeout\n-- x hj:transaction off\nselect 1;", NONE],
  ])("reads %s", (_what, sql, expected) => {
    expect(parseDirectives("0001_account.up.sql", "up", sql)).toEqual(expected);
  });

  test.each([
    ["-- hj:transactoin off", "-- hj:transactoin off is unknown"],
    ["-- hj:Transaction off", "-- hj:Transaction off is unknown"],
    ["-- hj:constructor", "-- hj:constructor is unknown"],
    ["-- hj:__proto__ off", "-- hj:__proto__ off is unknown"],
    ["-- hj:", "-- hj: is unknown"],
    ["-- HJ:transaction off", "-- hj: is unknown"],
    ["-- hj: transaction off", "-- hj: transaction off is unknown"],
    ["-- hj:phase", "-- hj:phase is malformed"],
    ["-- hj:phase expand", "-- hj:phase expand is malformed"],
    ["-- hj:phase contract", "-- hj:phase contract is malformed"],
    ["-- hj:phase contract after", "-- hj:phase contract after is malformed"],
    ["-- hj:phase contract after next", "-- hj:phase contract after next is malformed"],
    ["-- hj:phase contract after 0001 or so", "-- hj:phase contract after 0001 or so is malformed"],
    ["-- hj:allow", "-- hj:allow is malformed"],
    ["-- hj:allow drop-column", "-- hj:allow drop-column is malformed"],
    ["-- hj:allow drop-column session.token", "-- hj:allow drop-column session.token is malformed"],
    ["-- hj:allow Drop-Column session.token gone", "-- hj:allow Drop-Column session.token gone is malformed"],
    ['-- hj:allow drop-column "session gone', '-- hj:allow drop-column "session gone is malformed'],
    ["-- hj:detach yes", "-- hj:detach yes is malformed"],
    ["-- hj:transaction", "-- hj:transaction is malformed"],
    ["-- hj:transaction on", "-- hj:transaction on is malformed"],
    ["-- hj:transaction off off", "-- hj:transaction off off is malformed"],
    ["-- hj:timeout", "-- hj:timeout is malformed"],
    ["-- hj:timeout 5", "-- hj:timeout 5 is malformed"],
    ["-- hj:timeout 5 minutes", "-- hj:timeout 5 minutes is malformed"],
    ["-- hj:timeout 25h", "-- hj:timeout 25h is malformed"],
    ["-- hj:irreversible", "-- hj:irreversible lacks its reason"],
  ])("refuses %j", (line, message) => {
    expect(problemsOf(`-- A comment.\n${line}\nselect 1;`)).toEqual([[2, message]]);
  });

  test("refuses a directive behind the first statement, as it would be overlooked", () => {
    expect(problemsOf("select 1;\n-- hj:transaction off")).toEqual([
      [2, "-- hj:transaction stands behind the first statement"],
    ]);
  });

  test("refuses a directive that is given twice, even with the same value", () => {
    expect(problemsOf("-- hj:timeout 5m\n-- hj:timeout 5m")).toEqual([[2, "-- hj:timeout is given twice"]]);
  });

  test("refuses irreversible in a down file, which is what undoes", () => {
    expect(problemsOf("-- hj:irreversible gone", "down")).toEqual([
      [1, "-- hj:irreversible gone stands in a down file"],
    ]);
  });

  test.each(["phase contract after 1", "allow drop-table session nobody reads it"])(
    "refuses %s in a down file, of which it says nothing",
    (directive) => {
      expect(problemsOf(`-- hj:${directive}`, "down")).toEqual([[1, `-- hj:${directive} stands in a down file`]]);
    },
  );

  test("tells every problem of a file, each with its line and a hint", () => {
    const sql = "-- hj:one\r\n-- hj:timeout never\r\nselect 1;\r\n-- hj:two";
    expect(problemsOf(sql).map(([line]) => line)).toEqual([1, 2, 4]);
    expect(parseDirectives("0001_account.up.sql", "up", sql)).toEqual({
      problems: Array.from({ length: 3 }, () =>
        expect.objectContaining({ code: "INVALID_MIGRATION", file: "0001_account.up.sql", hint: expect.any(String) }),
      ),
    });
  });
});

describe("isDirectiveLine", () => {
  test.each([
    ["-- hj:timeout 5m", true],
    ["\t--hj:nonsense", true],
    ["-- hj:", true],
    ["-- HJ:timeout 5m", true],
    ["-- hj", false],
    ["select 1; -- hj:timeout 5m", false],
    ["-- see -- hj:timeout", false],
  ])("of %j is %s", (line, expected) => {
    expect(isDirectiveLine(line)).toBe(expected);
  });
});
