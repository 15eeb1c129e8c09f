import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { loadParser, parseSql } from "../../../src/build/parse-sql.ts";

beforeAll(loadParser);

/** The text of each statement. */
function split(sql: string): readonly string[] {
  const parsed = parseSql(sql);
  if ("offset" in parsed) throw new TypeError(parsed.message);
  return parsed.map(({ start, end }) => sql.slice(start, end));
}

describe("parseSql", () => {
  test.each([
    ["nothing", "", []],
    ["blank lines", " \n\r\n\t", []],
    ["comments", "-- one\n/* two */", []],
    ["empty statements", ";; ;", []],
    ["one statement without a semicolon", "select 1", ["select 1"]],
    ["blanks around a statement", "\n  select 1 ;\n", ["select 1 "]],
    ["two statements", "select 1;\nselect 2;\n", ["select 1", "select 2"]],
    ["CRLF", "select 1;\r\nselect\r\n2;\r\n", ["select 1", "select\r\n2"]],
    ["a semicolon in a string", "select ';'; select 2", ["select ';'", "select 2"]],
    ["a semicolon in a function", "do $f$ begin null; end $f$; select 2", ["do $f$ begin null; end $f$", "select 2"]],
    [
      "characters of two, three and four bytes",
      "select 'é€🔑'; select '🔑'; select 3",
      ["select 'é€🔑'", "select '🔑'", "select 3"],
    ],
    ["such characters in a comment between", "select 1; -- 🔑 é\nselect 2", ["select 1", "select 2"]],
    ["such a name at the very end", 'select 1 as "🔑"', ['select 1 as "🔑"']],
  ])("splits %s", (_what, sql, statements) => {
    expect(split(sql)).toEqual(statements);
  });

  test("finds every statement again, whatever characters are in them", () => {
    const literal = fc
      .array(
        fc.constantFrom(
          "a",
          "\u007f",
          "\u0080",
          "\u07ff",
          "\u0800",
          "\uffff",
          "\u{10000}",
          "🔑",
          ";",
          "''",
          "\n",
          "\r\n",
          "--",
          "$$",
        ),
      )
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.array(literal, { minLength: 1, maxLength: 5 }), (literals) => {
        const statements = literals.map((text) => `select '${text}'`);
        expect(split(statements.join(";\n"))).toEqual(statements);
      }),
    );
  });

  test.each([
    ["in the first line", "selct 1", "selct"],
    ["behind characters of several bytes", "select 'é€🔑'; selct 2", "selct"],
    ["behind CRLF", "select 1;\r\n\r\nselct 2", "selct"],
    ["with a backslash", "select 1;\n\\d account\n", "\\"],
  ])("tells where a syntax error is, %s", (_where, sql, token) => {
    const message = `syntax error at or near "${token}"`;
    expect(parseSql(sql)).toEqual({ message, offset: sql.indexOf(token) });
  });

  test("tells of a statement that does not end where the text ends", () => {
    expect(parseSql("select 1; select (")).toEqual({ message: "syntax error at end of input", offset: 18 });
  });
});
