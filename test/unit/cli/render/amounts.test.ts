// Numbers and sizes in words, and text in lines.
import { expect, test } from "vitest";
import { formatBytes, formatRows, wrap } from "../../../../src/cli/render/amounts.ts";

test.each([
  [0, "no rows"],
  [1, "1 row"],
  [2, "2 rows"],
  [9_999, "9,999 rows"],
  [10_000, "10 thousand rows"],
  [1_234_567, "1.2 million rows"],
  [2_000_000_000, "2 billion rows"],
])("%i rows are said as %j", (rows, text) => {
  expect(formatRows(rows)).toBe(text);
});

test.each([
  [0, "0 bytes"],
  [999, "999 bytes"],
  [1_000, "1 kB"],
  [8_192, "8 kB"],
  [1_572_864, "1.5 MB"],
  [340 * 1024 * 1024, "340 MB"],
  [1_023 * 1024 ** 2, "1 GB"],
  [5 * 1024 ** 6, "5,120 PB"],
])("%i bytes are said as %j", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test("lines are broken at 80 columns, deeper from the second on, and a long word stays whole", () => {
  const lines = wrap(`${"word ".repeat(40)}${"x".repeat(100)} end`, 4);
  expect(lines[0]).toBe(`    ${"word ".repeat(15)}`.trimEnd());
  expect(lines[1]).toMatch(/^ {6}word/);
  expect(lines.slice(0, -2).every((line) => line.length <= 80)).toBe(true);
  expect(lines.slice(-2)).toEqual([`      ${"x".repeat(100)}`, "      end"]);
  expect(wrap("x".repeat(90), 2)).toEqual([`  ${"x".repeat(90)}`]);
});
