import { expect, test } from "vitest";
import { formatProblems } from "../../../src/build/format-problems.ts";

test("problems are printed as compilers do, one a line, each followed by its hint", () => {
  const code = "INVALID_MIGRATION";
  expect(
    formatProblems([
      { code, file: "1_a.up.sql", line: 4, column: 15, message: "syntax error", hint: "Mend it." },
      { code, file: "1_a.up.sql", line: 2, message: "-- hj:x is unknown" },
      { code, file: "2_b.up.sql", message: "is not UTF-8" },
    ]),
  ).toBe(
    [
      "1_a.up.sql:4:15  syntax error",
      "    Mend it.",
      "1_a.up.sql:2  -- hj:x is unknown",
      "2_b.up.sql  is not UTF-8",
    ].join("\n"),
  );
});
