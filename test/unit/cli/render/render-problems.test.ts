import { describe, expect, test } from "vitest";
import { renderError, renderProblems, renderWarnings } from "../../../../src/cli/render/render-problems.ts";
import type { Style } from "../../../../src/cli/render/style.ts";
import { chooseTarget } from "../../../../src/cli/target.ts";
import { parseSettings } from "../../../../src/connection/settings.ts";
import type { Report } from "../../../../src/engine/report-schema.ts";
import type { Failure } from "../../../../src/failure/failure.ts";
import { baseOf, failedReport, migrationReport } from "../../../support/report.ts";

const plain: Style = (_colour, text) => text;
const failure: Failure = {
  code: "DATABASE_MISSING",
  message: 'there is no database "d" on h:5432',
  hint: "Create it.",
  details: { database: "d" },
};

describe("what is wrong", () => {
  test("is said as HelloJohn's documentation shows it when no database is set", () => {
    const settings = parseSettings({});
    const problems = "problems" in settings ? settings.problems : [];
    expect(renderProblems([...problems], plain)[0]).toBe("Error: HELLOJOHN_DATABASE_URL is not set");
  });

  test("is said without a field when none is to blame", () => {
    const target = chooseTarget({ databaseUrl: "postgresql://a@b/c", embedded: true }, {});
    if (target.kind !== "database" || !("problems" in target.settings)) throw new TypeError("nothing is wrong");
    expect(renderProblems([...target.settings.problems], plain)).toEqual([
      "Error: --database-url and --embedded both name a database",
      "  Give one of them.",
    ]);
  });

  test("is said of every problem, with a hint where there is one", () => {
    const problems = [
      { code: "INVALID_EVENT", field: "steps", message: "expected a number" },
      { code: "OUT_OF_ORDER", message: "2_b is late", hint: "Rename it.", version: "2" },
    ];
    const report: Report = { ...baseOf(), ok: false, outcome: "refused", problems };
    expect(renderError(report, plain)).toEqual([
      "Error: steps expected a number",
      "Error: 2_b is late",
      "  Rename it.",
    ]);
  });

  test("is said of the text of a file with its place, as compilers do", () => {
    const code = "INVALID_MIGRATION";
    const problems = [
      { code, file: "1_a.up.sql", line: 4, column: 15, message: "syntax error", hint: "Mend it." },
      { code, file: "1_a.up.sql", line: 2, message: "-- hj:x is unknown" },
    ];
    expect(renderProblems(problems, plain)).toEqual([
      "Error: 1_a.up.sql:4:15  syntax error",
      "  Mend it.",
      "Error: 1_a.up.sql:2  -- hj:x is unknown",
    ]);
  });

  test("names the file when all of it is to blame", () => {
    const problems = [{ code: "INVALID_MIGRATION", file: "2_b.up.sql", message: "is not UTF-8" }];
    expect(renderProblems(problems, plain)[0]).toContain("2_b.up.sql");
  });

  test("does not repeat the file of a sentence that names the migration", () => {
    const message = "2_b was edited after it was applied";
    const problems = [{ code: "CHECKSUM_CHANGED", version: "2", file: "2_b.up.sql", message }];
    expect(renderProblems(problems, plain)).toEqual(["Error: 2_b was edited after it was applied"]);
  });

  test("is said of a run that failed before it came to a migration", () => {
    expect(renderError(failedReport(failure), plain)).toEqual([
      'Error: there is no database "d" on h:5432',
      "  Create it.",
    ]);
  });

  test("is not said twice of a run that shows its failure beside the migration", () => {
    const migrations = [migrationReport("20240601_001_a", "failed")];
    expect(renderError(failedReport(failure, { migrations }), plain)).toEqual([]);
  });

  test("is nothing for a report that is fine", () => {
    expect(renderError({ ...baseOf(), ok: true, outcome: "applied" }, plain)).toEqual([]);
  });
});

test("warnings are a line each", () => {
  const warnings = [
    { code: "DATABASE_AHEAD", message: "3_c is in the database and not in this build" },
    { code: "OUT_OF_ORDER", message: "2_b is late", hint: "Rename it." },
  ];
  expect(renderWarnings({ ...baseOf({ warnings }), ok: true, outcome: "pending" }, plain)).toEqual([
    "Warning: 3_c is in the database and not in this build",
    "Warning: 2_b is late",
  ]);
});
