import { describe, expect, test } from "vitest";
import { reportSchema } from "../../../src/engine/report-schema.ts";
import { baseOf, migrationReport } from "../../support/report.ts";

const fine = { ...baseOf(), ok: true, outcome: "up_to_date" };
const incomplete = { ...baseOf(), ok: false, outcome: "incomplete", continuation: "token" };
const unlocked = { ...baseOf({ command: "unlock" }), ok: true, outcome: "unlocked" };
const refused = { ...baseOf(), ok: false, outcome: "refused", problems: [{ code: "INVALID_EVENT", message: "no" }] };

describe("the report's schema", () => {
  test.each([
    ["a report that is fine", fine],
    ["a refused one", refused],
    ["one that the deadline cut", incomplete],
    [
      "one of an unlock",
      {
        ...unlocked,
        holder: { pid: 42, application: null, connectedAt: null, state: null, stateSince: null, build: null },
      },
    ],
    ["one that was cut to fit", { ...fine, omitted: 3 }],
    ["one without a database", { ...refused, command: null, database: null }],
    ["one with migrations", { ...fine, migrations: [migrationReport("20240601_001_a", "applied", { batch: 1 })] }],
  ])("takes %s", (_what, report) => {
    expect(reportSchema.parse(report)).toEqual(report);
  });

  test.each([
    ["an unknown key", { ...fine, sql: "select 1" }],
    ["an unknown key of a migration", { ...fine, migrations: [{ ...migrationReport("1_1_a", "applied"), sql: "" }] }],
    ["an unknown outcome", { ...fine, outcome: "done" }],
    ["an outcome that contradicts ok", { ...fine, ok: false }],
    ["a fine report with a failure", { ...fine, failure: { code: "X", message: "", hint: "", details: {} } }],
    ["a refusal without problems", { ...refused, problems: [] }],
    ["a failure without the failure", { ...fine, ok: false, outcome: "failed" }],
    ["one that was cut without a way to go on", { ...incomplete, continuation: undefined }],
    ["a fine one with a continuation", { ...fine, continuation: "token" }],
    ["a resolve that does not say what was recorded", { ...fine, outcome: "resolved" }],
    ["an unlock that does not say who was ended", unlocked],
    ["one that left out nothing and counts it", { ...fine, omitted: 0 }],
    ["a negative duration", { ...fine, durationMs: -1 }],
    ["a part of a millisecond", { ...fine, durationMs: 1.5 }],
    ["an instant that is not UTC", { ...fine, startedAt: "2024-06-01T09:00:00+02:00" }],
    ["a report without its version", { ...fine, reportVersion: undefined }],
  ])("refuses %s", (_what, report) => {
    expect(reportSchema.safeParse(report).success).toBe(false);
  });
});
