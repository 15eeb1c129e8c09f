import { describe, expect, test } from "vitest";
import { renderList } from "../../../../src/cli/render/render-list.ts";
import type { Style } from "../../../../src/cli/render/style.ts";
import type { MigrationReport, Report } from "../../../../src/engine/report-schema.ts";
import { baseOf, migrationReport } from "../../../support/report.ts";

const plain: Style = (_colour, text) => text;

function listed(...migrations: MigrationReport[]): Report {
  return { ...baseOf({ command: "list", migrations }), ok: true, outcome: "listed" };
}

describe("hj migrations list", () => {
  test("is a table of all migrations, with times in UTC", () => {
    const report = listed(
      migrationReport("20240115_001_initial_schema", "applied", { appliedAt: "2024-01-15T09:00:00.000Z" }),
      migrationReport("20240601_001_add_passkey_support", "pending"),
      migrationReport("20250101_001_from_a_newer_build", "unknown", { appliedAt: "2025-01-01T08:00:00.000Z" }),
    );
    expect(renderList(report, plain)).toEqual([
      "VERSION                              STATUS    APPLIED AT",
      "20240115_001_initial_schema          applied   2024-01-15 09:00:00",
      "20240601_001_add_passkey_support     pending   —",
      "20250101_001_from_a_newer_build      unknown   2025-01-01 08:00:00",
    ]);
  });

  test("is wider when a name is, and its columns stay apart", () => {
    const report = listed(
      migrationReport("20240601_001_a", "started"),
      migrationReport("20240601_002_session_device_fingerprint", "pending"),
    );
    expect(renderList(report, plain)).toEqual([
      "VERSION                                  STATUS    APPLIED AT",
      "20240601_001_a                           started   —",
      "20240601_002_session_device_fingerprint  pending   —",
    ]);
  });

  test("is only its head when there are no migrations", () => {
    expect(renderList(listed(), plain)).toEqual(["VERSION                              STATUS    APPLIED AT"]);
  });
});
