import { describe, expect, test } from "vitest";
import { renderStatus, renderUpToDate } from "../../../../src/cli/render/render-status.ts";
import type { Style } from "../../../../src/cli/render/style.ts";
import type { Report, ReportBase } from "../../../../src/engine/report-schema.ts";
import { baseOf, migrationReport } from "../../../support/report.ts";

const plain: Style = (_colour, text) => text;
const unknown = migrationReport("20250101_001_from_a_newer_build", "unknown");

function report(outcome: "pending" | "up_to_date", differences: Partial<ReportBase>): Report {
  return { ...baseOf({ command: "status", ...differences }), ok: true, outcome };
}

describe("hj migrations status", () => {
  test("shows what is pending, and where", () => {
    const pending = report("pending", {
      schemaVersion: { before: "20240115_001", after: "20240115_001" },
      counts: { applied: 1, pending: 2, started: 0, unknown: 0 },
      migrations: [
        migrationReport("20240601_001_add_passkey_support", "pending"),
        migrationReport("20240601_002_session_device_fingerprint", "pending"),
      ],
    });
    expect(renderStatus(pending, plain)).toEqual([
      "Database: postgresql://user:***@host:5432/hellojohn",
      "Schema version: 20240115_001",
      "Pending migrations: 2",
      "",
      "  PENDING  20240601_001_add_passkey_support",
      "  PENDING  20240601_002_session_device_fingerprint",
    ]);
  });

  test("calls the version none when nothing is applied", () => {
    const pending = report("pending", {
      schemaVersion: { before: null, after: null },
      counts: { applied: 0, pending: 1, started: 0, unknown: 0 },
      migrations: [migrationReport("20240115_001_initial_schema", "pending")],
    });
    expect(renderStatus(pending, plain)).toEqual([
      "Database: postgresql://user:***@host:5432/hellojohn",
      "Schema version: none",
      "Pending migrations: 1",
      "",
      "  PENDING  20240115_001_initial_schema",
    ]);
  });

  test("counts one that was started among the pending, and sets apart what this build does not know", () => {
    const pending = report("pending", {
      counts: { applied: 1, pending: 1, started: 1, unknown: 1 },
      migrations: [
        migrationReport("20240601_001_a", "started", { statementsDone: 2 }),
        unknown,
        migrationReport("20240601_002_b", "pending"),
      ],
    });
    expect(renderStatus(pending, plain).slice(2)).toEqual([
      "Pending migrations: 2",
      "",
      "  STARTED  20240601_001_a (2 statements done)",
      "  PENDING  20240601_002_b",
      "",
      "  UNKNOWN  20250101_001_from_a_newer_build",
    ]);
  });

  test("is one line when nothing is pending", () => {
    expect(renderUpToDate(report("up_to_date", {}), plain)).toEqual([
      "✅ Database schema is up to date (version: 20240601_002)",
    ]);
  });

  test("is up to date, too, when there are no migrations at all", () => {
    const nothing = report("up_to_date", { schemaVersion: { before: null, after: null } });
    expect(renderUpToDate(nothing, plain)).toEqual(["✅ Database schema is up to date (version: none)"]);
  });

  test("shows what a newer build has left in a database that is up to date", () => {
    expect(renderUpToDate(report("up_to_date", { migrations: [unknown] }), plain)).toEqual([
      "✅ Database schema is up to date (version: 20240601_002)",
      "",
      "  UNKNOWN  20250101_001_from_a_newer_build",
    ]);
  });

  test("shows the contract migrations that wait in a database that is up to date", () => {
    const waiting = migrationReport("20240601_001_a", "pending", { phase: "contract" });
    expect(renderUpToDate(report("up_to_date", { migrations: [waiting, unknown] }), plain)).toEqual([
      "✅ Database schema is up to date (version: 20240601_002)",
      "",
      "  PENDING  20240601_001_a (contract)",
      "",
      "  UNKNOWN  20250101_001_from_a_newer_build",
    ]);
  });
});
