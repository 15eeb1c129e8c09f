// Several invocations, one report.
import { describe, expect, test } from "vitest";
import { mergeReports } from "../../../src/engine/merge-reports.ts";
import type { Report, ReportBase } from "../../../src/engine/report-schema.ts";
import { baseOf, failedReport, migrationReport } from "../../support/report.ts";

const A = migrationReport("1_1_a", "applied");
const B = migrationReport("1_2_b", "not_reached");
const ahead = { code: "DATABASE_AHEAD", message: "ahead" };
const newer = { code: "SERVER_NEWER_THAN_TESTED", message: "newer" };
const unknownCounts = { applied: 0, pending: 0, started: 0, unknown: 0 };

function incomplete(differences: Partial<ReportBase> = {}): Report {
  const base = baseOf({ migrations: [A, B], warnings: [ahead], startedAt: "2024-06-01T08:00:00.000Z", ...differences });
  return { ...base, ok: false, outcome: "incomplete", continuation: "1" };
}

function applied(differences: Partial<ReportBase> = {}): Report {
  return { ...baseOf({ migrations: [{ ...B, status: "applied" }], ...differences }), ok: true, outcome: "applied" };
}

describe("mergeReports", () => {
  test("keeps the first start, and adds the times up", () => {
    const merged = mergeReports(incomplete({ durationMs: 900_000 }), applied({ durationMs: 5_000 }));
    expect(merged).toMatchObject({ startedAt: "2024-06-01T08:00:00.000Z", durationMs: 905_000 });
  });

  test("keeps every warning, each of them once", () => {
    expect(mergeReports(incomplete(), applied({ warnings: [newer, ahead] })).warnings).toEqual([ahead, newer]);
  });

  test("counts what either left out", () => {
    expect(mergeReports(incomplete({ omitted: 2 }), applied({ omitted: 3 })).omitted).toBe(5);
    expect(mergeReports(incomplete(), applied())).not.toHaveProperty("omitted");
  });

  test("puts what was done before in front of what came after, and drops what was not reached before", () => {
    const { migrations } = mergeReports(incomplete(), applied());
    expect(migrations.map(({ name, status }) => `${name} ${status}`)).toEqual(["a applied", "b applied"]);
  });

  test("does not call unknown what was known before an invocation that read nothing", () => {
    const last = failedReport(
      { code: "DATABASE_UNREACHABLE", message: "m", hint: "h", details: { host: "h", port: 1, reason: "r" } },
      { database: null, counts: unknownCounts, schemaVersion: { before: null, after: null } },
    );
    const merged = mergeReports(incomplete({ schemaVersion: { before: null, after: "1_1" } }), last);
    expect(merged).toMatchObject({
      outcome: "failed",
      schemaVersion: { before: null, after: "1_1" },
      counts: { applied: 3 },
      migrations: [A, B],
    });
    expect(merged.database).not.toBeNull();
  });

  test("takes the state that a later invocation read, also when nothing is applied any more", () => {
    const next = applied({ counts: { ...unknownCounts, pending: 3 }, schemaVersion: { before: "1_1", after: null } });
    expect(mergeReports(incomplete(), next).schemaVersion.after).toBeNull();
  });

  test("calls applied what was applied here, also when another run has done the rest", () => {
    const upToDate: Report = { ...baseOf(), ok: true, outcome: "up_to_date" };
    expect(mergeReports(incomplete(), upToDate)).toMatchObject({ outcome: "applied", migrations: [A] });
    expect(mergeReports(incomplete({ migrations: [B] }), upToDate).outcome).toBe("up_to_date");
    const nothing: Report = { ...baseOf({ command: "rollback" }), ok: true, outcome: "nothing_to_roll_back" };
    const back = incomplete({ command: "rollback", migrations: [{ ...A, status: "rolled_back" }] });
    expect(mergeReports(back, nothing).outcome).toBe("rolled_back");
  });
});
