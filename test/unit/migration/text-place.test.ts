import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LINE_END, lineAndColumn, placesIn } from "../../../src/migration/text-place.ts";

describe("lineAndColumn", () => {
  test.each([
    ["the very start", "oops", 1, 1],
    ["lines that end in LF", "a\nb\n  oops", 3, 3],
    ["lines that end in CRLF", "a\r\nb\r\n  oops", 3, 3],
    ["lines that end in CR", "a\rb\r  oops", 3, 3],
    ["blank lines of every kind", "\n\r\n\r\n\roops", 5, 1],
    ["a tab, which is one column", "a\n\toops", 2, 2],
    ["characters outside the basic plane", "a\n🔑🔑 oops", 2, 4],
    ["combining characters, each of its own", "e\u0301 oops", 1, 4],
    ["what only looks like a line end", "a\u2028\u0085\v\foops", 1, 6],
  ])("counts as editors do, with %s", (_what, text, line, column) => {
    expect(lineAndColumn(text, text.indexOf("oops"))).toMatchObject({ line, column });
  });

  test("says where the line starts, in the units of the offset", () => {
    const text = "🔑\r\n🔑 oops";
    expect(lineAndColumn(text, text.indexOf("oops")).lineStart).toBe(4);
  });

  test("finds the end of a text, behind its last line end", () => {
    expect(lineAndColumn("a\nb\n", 4)).toEqual({ line: 3, column: 1, lineStart: 4 });
  });

  test("finds every character in the line that an editor shows it in", () => {
    const part = fc.constantFrom("a", " ", "\t", "é", "🔑", "\n", "\r\n", "\r");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), fc.array(part, { maxLength: 5 }), (before, behind) => {
        const text = `${before.join("")}x${behind.join("")}`;
        const { line, column, lineStart } = lineAndColumn(text, text.indexOf("x"));
        const shown = text.split(LINE_END)[line - 1] ?? "";
        expect([...shown][column - 1]).toBe("x");
        expect(placesIn(text)(text.indexOf("x"))).toEqual({ line, column, lineStart });
        expect(text.slice(lineStart).startsWith(shown)).toBe(true);
      }),
    );
  });
});
