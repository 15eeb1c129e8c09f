import { beforeAll, describe, expect, test } from "vitest";
import { loadParser, parseSql } from "../../../src/build/parse-sql.ts";
import { identifier, literal, qualified } from "../../../src/engine/quote.ts";

beforeAll(loadParser);

const HOSTILE = ["'", '"', "\\", "''; drop table account; --", '"; drop table account; --', "\\'; drop", "$$", "ü🔑\n"];

/** The only thing that a statement selects, as PostgreSQL's parser reads it. */
function selected(sql: string): unknown {
  const parsed = parseSql(`select ${sql}`);
  if ("offset" in parsed || parsed.length !== 1) throw new TypeError(`not one statement: ${sql}`);
  const [statement] = parsed;
  if (statement === undefined || !("SelectStmt" in statement.tree)) throw new TypeError(sql);
  const [target] = statement.tree.SelectStmt.targetList ?? [];
  return target !== undefined && "ResTarget" in target ? target.ResTarget.val : undefined;
}

describe("literal", () => {
  test.each(HOSTILE)("keeps %j a value", (text) => {
    expect(selected(literal(text))).toMatchObject({ A_Const: { sval: { sval: text } } });
  });

  test.each([
    [0, "0"],
    [-1, "-1"],
    [true, "true"],
    [false, "false"],
    [null, "null"],
    ["", "''"],
    ["null", "'null'"],
  ])("writes %j as %s", (value, sql) => {
    expect(literal(value)).toBe(sql);
  });
});

describe("identifier", () => {
  test.each(HOSTILE)("keeps %j a name", (name) => {
    expect(selected(identifier(name))).toMatchObject({ ColumnRef: { fields: [{ String: { sval: name } }] } });
  });

  test("keeps capitals", () => {
    expect(identifier("Account")).toBe('"Account"');
  });
});

describe("qualified", () => {
  test.each([
    [{ schema: null, name: "account" }, '"account"'],
    [{ schema: "auth", name: "account" }, '"auth"."account"'],
    [{ schema: 'a"b', name: "c.d" }, '"a""b"."c.d"'],
  ])("writes %j as %s", (name, sql) => {
    expect(qualified(name)).toBe(sql);
  });
});
