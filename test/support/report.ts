// Reports as the engine gives them, for what is made of a report: its text, its exit code, its schema.
import type { MigrationReport, MigrationStatus, Report, ReportBase } from "../../src/engine/report-schema.ts";
import type { Failure } from "../../src/failure/failure.ts";

/** What every report of these tests says, but for `differences`. */
export function baseOf(differences: Partial<ReportBase> = {}): ReportBase {
  return {
    reportVersion: 1,
    command: "run",
    dryRun: false,
    runId: "2b1c1d6e-0000-4000-8000-000000000000",
    invocationId: "2b1c1d6e-0000-4000-8000-000000000001",
    startedAt: "2024-06-01T09:00:00.000Z",
    durationMs: 350,
    database: { url: "postgresql://user:***@host:5432/hellojohn", schema: "public", serverVersion: "17.2" },
    schemaVersion: { before: "20240115_001", after: "20240601_002" },
    counts: { applied: 3, pending: 0, started: 0, unknown: 0 },
    migrations: [],
    warnings: [],
    ...differences,
  };
}

/** A report of a run that failed. */
export function failedReport(failure: Failure, differences: Partial<ReportBase> = {}): Report {
  return {
    ...baseOf(differences),
    ok: false,
    outcome: "failed",
    failure: { ...failure, details: { ...failure.details } },
  };
}

/** One migration in a report, from its full name. */
export function migrationReport(
  fullName: string,
  status: MigrationStatus,
  differences: Partial<MigrationReport> = {},
): MigrationReport {
  const { version = "", name = "" } = /^(?<version>\d+_\d+)_(?<name>.+)$/.exec(fullName)?.groups ?? {};
  return { version, name, status, transactional: true, reversible: true, ...differences };
}
