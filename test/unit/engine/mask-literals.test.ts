import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { maskLiterals } from "../../../src/engine/mask-literals.ts";

describe("maskLiterals", () => {
  test.each([
    ["a string", "select 'gEhEiM' as a", "select '******' as a"],
    ["an empty string", "select '' as a", "select '' as a"],
    ["a doubled quote", "select 'it''s' as a", "select '*****' as a"],
    ["a doubled quote at the end", "select 'it''', 'b'", "select '****', '*'"],
    ["an escape string", "select E'it\\'s', a", "select E'*****', a"],
    ["an escape string with a doubled quote", "select e'a\\\\', 'b'", "select e'***', '*'"],
    ["a backslash at the end of an ordinary string", "select 'C:\\', 'gEhEiM'", "select '***', '******'"],
    ["a backslash before the end of a string, then names", "select '\\' as a, 'b' as c", "select '*' as a, '*' as c"],
    ["a type's name that ends in e before a string", "select date'\\', 'b'", "select date'*', '*'"],
    ["a Unicode string", "select U&'d\\0061t'", "select U&'*******'"],
    ["bits", "select B'101', X'1F'", "select B'***', X'**'"],
    ["a dollar-quoted text", "do $$ gEhEiM $$;", "do $$********$$;"],
    ["a tagged one, with another inside", "do $a$ $$ 'x' $b$ $a$ 'y'", "do $a$************$a$ '*'"],
    ["a tag with letters of any script", "do $ü1$x$ü1$", "do $ü1$*$ü1$"],
    ["line ends in a literal", "select 'a\r\nb\n'", "select '*\r\n*\n'"],
    ["characters outside the basic plane", "select '🔑', a", "select '**', a"],
    ["a quoted name", "select \"it's\", 'b'", "select \"it's\", '*'"],
    ["a quoted name with doubled quotes", 'select "a""\'b", \'c\'', 'select "a""\'b", \'*\''],
    ["a quote in a line comment", "-- it's\nselect 'a' -- it's\n, 'b'", "-- it's\nselect '*' -- it's\n, '*'"],
    ["a quote in a block comment", "/* it's */ select 'a'", "/* it's */ select '*'"],
    ["a quote in nested block comments", "/* /* it's */ it's */ select 'a'", "/* /* it's */ it's */ select '*'"],
    ["two dashes in a string", "select '--', 'a'", "select '**', '*'"],
    ["a parameter", "select $1, 'a'", "select $1, '*'"],
    ["a dollar in a name", "select a$1, b$1, 'c'", "select a$1, b$1, '*'"],
  ])("masks %s", (_what, sql, masked) => {
    expect(maskLiterals(sql)).toBe(masked);
  });

  test("leaves SQL without literals as it is", () => {
    const sql = 'create table "a b" (id bigint); -- why\n/* and */ select id from "a b" where id = 1;';
    expect(maskLiterals(sql)).toBe(sql);
  });

  test("keeps length, line breaks, and what it masked once", () => {
    const token = fc.constantFrom(
      ...("'\"$-/*\\\n\ra; E🔑".match(/./gsu) ?? []),
      "''",
      "$$",
      "$a$",
      "--",
      "/*",
      "*/",
      "\r\n",
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 30 }), (tokens) => {
        const sql = tokens.join("");
        const masked = maskLiterals(sql);
        expect(masked.length).toBe(sql.length);
        expect(masked.replace(/[^\r\n]/g, "x")).toBe(sql.replace(/[^\r\n]/g, "x"));
        expect(maskLiterals(masked)).toBe(masked);
      }),
      { numRuns: 1000 },
    );
  });

  test("never shows what stands in a literal, however it is written", () => {
    const secret = "gEhEiM";
    const around = fc.constantFrom("", "a", "''", "--", "/*", "*/", '"', ";", "\n", "🔑", "$", "\\");
    const literal = fc.constantFrom<(body: string) => string>(
      (body) => `'${body}'`,
      (body) => `E'${body.replaceAll("\\", "\\\\")}'`,
      (body) => `$tag$${body}$tag$`,
    );
    const statement = fc
      .tuple(literal, around, around)
      .map(([quote, before, behind]) => `select ${quote(`${before}${secret}${behind}`)};`);
    fc.assert(
      fc.property(fc.array(statement, { minLength: 1, maxLength: 4 }), (statements) => {
        expect(maskLiterals(statements.join("\n"))).not.toContain(secret);
      }),
    );
  });
});
