// That a server's text is taken apart rightly is in test/integration/copied-text.test.ts.
import { expect, test } from "vitest";
import { copiedRows } from "../../../src/engine/copied-text.ts";

test("a row is what stands between its tabs, and nothing is none", () => {
  expect(copiedRows("a\tb\n1\t\n")).toEqual([
    ["a", "b"],
    ["1", ""],
  ]);
  expect(copiedRows("\n")).toEqual([[""]]);
  expect(copiedRows("")).toEqual([]);
});

test("NULL is told from the text that looks like it", () => {
  expect(copiedRows("\\N\t\\\\N\tN\n")).toEqual([[null, "\\N", "N"]]);
});
