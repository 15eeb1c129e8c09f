import { describe, expect, test } from "vitest";
import { placeOf } from "../../../src/engine/place.ts";

const FILE = "1_a.up.sql";

/** The place of `token`, in a statement that starts at the beginning of the file. */
function placeOfToken(sql: string, token: string) {
  return placeOf({ file: FILE, sql }, "1", 0, sql.indexOf(token));
}

describe("placeOf", () => {
  test("says file, version, line, column, and the line itself with a caret into it", () => {
    const sql = "create table a ();\n\ncreate index i on a (usr_id);\n";
    expect(placeOfToken(sql, "usr_id")).toEqual({
      version: "1",
      file: FILE,
      line: 3,
      column: 22,
      statement: "create index i on a (usr_id);",
      caret: 21,
    });
  });

  test.each([
    ["LF", "select 1;\nselect\n  oops;", 3, 3],
    ["CRLF", "select 1;\r\nselect\r\n  oops;\r\n", 3, 3],
    ["CR", "select 1;\rselect\r  oops;\r", 3, 3],
    ["all of them", "\n\r\n\r\n\roops", 5, 1],
    ["the first line", "oops", 1, 1],
    ["a tab, which is one column", "select\n\toops", 2, 2],
    ["characters outside the basic plane", "select\n'🔑🔑' oops", 2, 6],
    ["characters of several bytes", "select 'é€', oops", 1, 14],
    ["combining characters, each of its own", "select e\u0301, oops", 1, 12],
  ])("counts as editors do, with %s", (_what, sql, line, column) => {
    expect(placeOfToken(sql, "oops")).toMatchObject({ line, column });
  });

  test.each(["\n", "\r\n", "\r"])("shows the line without its end %j", (end) => {
    expect(placeOfToken(`select 1;${end}select oops;${end}select 2;`, "oops").statement).toBe("select oops;");
  });

  test("points with the caret at the very character, also behind characters outside the basic plane", () => {
    const { statement, caret } = placeOfToken('select 1 as "🔑", oops from a;', "oops");
    expect(statement.slice(caret ?? 0)).toBe("oops from a;");
  });

  test("without a position says where the statement starts, behind its comments, and no column", () => {
    const sql = "select 1;\n-- why\n/* and\nwhy */\n  create index i on a (id);";
    expect(placeOf({ file: FILE, sql }, "1", sql.indexOf(";") + 1, null)).toEqual({
      version: "1",
      file: FILE,
      line: 5,
      column: null,
      statement: "  create index i on a (id);",
      caret: null,
    });
  });

  test("masks what stands in a literal, and columns stay where they are", () => {
    const { statement, caret, column } = placeOfToken("insert into a values ('gEhEiM', oops);", "oops");
    expect(statement).toBe("insert into a values ('******', oops);");
    expect(statement.slice(caret ?? 0)).toBe("oops);");
    expect(column).toBe(33);
  });

  test("masks a line in the middle of a literal that began before it", () => {
    const sql = "insert into a values ('one\ngEhEiM\nthree', oops);";
    expect(placeOf({ file: FILE, sql }, "1", 0, sql.indexOf("gEhEiM")).statement).toBe("******");
  });

  test("shows at most 200 characters, around the column", () => {
    const sql = `select ${"a, ".repeat(200)}oops, ${"b, ".repeat(200)}c;`;
    const { statement, caret, column } = placeOfToken(sql, "oops");
    expect(statement.length).toBeLessThanOrEqual(200);
    expect(statement.slice(caret ?? 0)).toMatch(/^oops, b/);
    expect(column).toBe(sql.indexOf("oops") + 1);
  });

  test("keeps the start of a long line when the column is in it", () => {
    const { statement, caret } = placeOfToken(`select oops, ${"a, ".repeat(200)}b;`, "oops");
    expect(statement).toMatch(/^select oops, a/);
    expect(statement.length).toBeLessThanOrEqual(200);
    expect(caret).toBe(7);
  });

  test("does not cut a character of the excerpt in half", () => {
    const name = `"${"🔑".repeat(150)}"`;
    const sql = `select 1 as ${name}, 2 as b;`;
    const excerpts = [7, 12, sql.length - 8, sql.length - 7].map((offset) =>
      placeOf({ file: FILE, sql }, "1", 0, offset),
    );
    expect(excerpts.filter(({ statement }) => !statement.isWellFormed())).toEqual([]);
  });
});
