import { describe, expect, test } from "vitest";
import { renderReport } from "../../../../src/cli/render/render-report.ts";
import type { Style } from "../../../../src/cli/render/style.ts";
import type { MigrationReport, Report } from "../../../../src/engine/report-schema.ts";
import type { Failure } from "../../../../src/failure/failure.ts";
import { baseOf, failedReport, migrationReport } from "../../../support/report.ts";

const plain: Style = (_colour, text) => text;
const warnings = [{ code: "DATABASE_AHEAD", message: "3_c is ahead" }];
const IDS = `Run ${baseOf().runId}, invocation ${baseOf().invocationId}\n`;
const failure: Failure = {
  code: "CANCELLED",
  message: "stopped on request",
  hint: "Run again.",
  details: { version: null },
};

describe("renderReport", () => {
  test.each([
    ["up_to_date", "✅ Database schema is up to date (version: 20240601_002)\n"],
    ["pending", "Database: postgresql://user:***@host:5432/hellojohn\n"],
    ["listed", "VERSION  "],
    ["would_apply", "DRY RUN — No changes will be made\n"],
    ["applied", "Running 1 pending migration...\n"],
  ] as const)("writes what it found to standard output when it is %s", (outcome, start) => {
    const migrations = outcome === "up_to_date" ? [] : [migrationReport("20240601_001_a", "applied")];
    const report: Report = { ...baseOf({ migrations }), ok: true, outcome };
    const { stdout, stderr } = renderReport(report, plain);
    expect(stdout.startsWith(start)).toBe(true);
    expect(stdout).toMatch(/[^\n]\n$/);
    expect(stderr).toBe("");
  });

  test.each([
    ["would_roll_back", "DRY RUN — No changes will be made\n\nWould roll back 1 migration:\n"],
    ["rolled_back", "⚠️  Rolling back migration batch...\n"],
    ["nothing_to_roll_back", "Nothing to roll back.\n"],
  ] as const)("writes what became of a rollback to standard output when it is %s", (outcome, start) => {
    const migrations = [migrationReport("20240601_001_a", outcome === "rolled_back" ? outcome : "would_roll_back")];
    const report: Report = { ...baseOf({ command: "rollback", migrations }), ok: true, outcome };
    const { stdout, stderr } = renderReport(report, plain);
    expect(stdout.startsWith(start)).toBe(true);
    expect(stdout).toMatch(/[^\n]\n$/);
    expect(stderr).toBe("");
  });

  test("writes nothing else when there is nothing to roll back", () => {
    const report: Report = { ...baseOf({ command: "rollback" }), ok: true, outcome: "nothing_to_roll_back" };
    expect(renderReport(report, plain)).toEqual({ stdout: "Nothing to roll back.\n", stderr: "" });
  });

  test("writes what would be recorded, and then that it was", () => {
    const resolution = "Records 20240601_001_a as applied, without running it. It is pending now.";
    const base = baseOf({ command: "resolve" });
    const shown: Report = { ...base, dryRun: true, ok: true, outcome: "would_resolve", resolution };
    const done: Report = { ...base, ok: true, outcome: "resolved", resolution };
    expect(renderReport(shown, plain)).toEqual({ stdout: `${resolution}\n`, stderr: "" });
    expect(renderReport(done, plain)).toEqual({
      stdout: "✅ Recorded. Schema version: 20240601_002\n",
      stderr: "",
    });
  });

  test("calls the version none when what was recorded leaves nothing applied", () => {
    const schemaVersion = { before: "20240601_001", after: null };
    const report: Report = {
      ...baseOf({ command: "resolve", schemaVersion }),
      ok: true,
      outcome: "resolved",
      resolution: "",
    };
    expect(renderReport(report, plain).stdout).toBe("✅ Recorded. Schema version: none\n");
  });

  test.each([
    ["hellojohn-migrate 3f2a91c0", "hellojohn-migrate 3f2a91c0"],
    [null, "unnamed"],
  ])("writes whose session was ended, of the application %j", (application, name) => {
    const holder = { pid: 42, application, connectedAt: null, state: null, stateSince: null, build: null };
    const report: Report = { ...baseOf({ command: "unlock" }), ok: true, outcome: "unlocked", holder };
    expect(renderReport(report, plain)).toEqual({
      stdout: `✅ Ended pid 42 (${name}), which held the run lock.\n`,
      stderr: "",
    });
  });

  test("writes warnings to standard error, so that they do not get into what is piped on", () => {
    const report: Report = { ...baseOf({ warnings }), ok: true, outcome: "up_to_date" };
    expect(renderReport(report, plain)).toEqual({
      stdout: "✅ Database schema is up to date (version: 20240601_002)\n",
      stderr: "Warning: 3_c is ahead\n",
    });
  });

  test("writes a refusal to standard error only, warnings before it", () => {
    const problems = [{ code: "INVALID_SETTING", field: "HELLOJOHN_DATABASE_URL", message: "is not set" }];
    const report: Report = { ...baseOf({ warnings }), ok: false, outcome: "refused", problems };
    expect(renderReport(report, plain)).toEqual({
      stdout: "",
      stderr: "Warning: 3_c is ahead\nError: HELLOJOHN_DATABASE_URL is not set\n",
    });
  });

  test("writes a failure before any migration to standard error only", () => {
    expect(renderReport(failedReport(failure), plain)).toEqual({
      stdout: "",
      stderr: `Error: stopped on request\n  Run again.\n${IDS}`,
    });
  });

  test("writes a failure of a migration where the others are", () => {
    const { stdout, stderr } = renderReport(
      failedReport(failure, { migrations: [migrationReport("20240601_001_a", "failed")] }),
      plain,
    );
    expect(stdout).toContain("stopped on request\n");
    expect(stderr).toBe(IDS);
  });

  test("writes what was done before a failure that no migration is to blame for, and the failure as an error", () => {
    const migrations = [migrationReport("20240601_001_a", "applied"), migrationReport("20240601_002_b", "not_reached")];
    const { stdout, stderr } = renderReport(failedReport(failure, { migrations }), plain);
    expect(stdout).toBe(
      "Running 2 pending migrations...\n\n  ✅  20240601_001_a (0ms)\n  ·   20240601_002_b (not reached)\n\nMigration failed. Schema version: 20240601_002\n",
    );
    expect(stderr).toBe(`Error: stopped on request\n  Run again.\n${IDS}`);
  });

  test("writes what was done before a refusal, and the refusal as an error", () => {
    const migrations = [migrationReport("20240601_001_a", "applied")];
    const problems = [{ code: "CHECKSUM_CHANGED", message: "20240601_001_a was edited" }];
    const report: Report = { ...baseOf({ migrations }), ok: false, outcome: "refused", problems };
    const { stdout, stderr } = renderReport(report, plain);
    expect(stdout).toContain("  ✅  20240601_001_a (0ms)\n\nStopped before the rest. Schema version: 20240601_002\n");
    expect(stderr).toBe("Error: 20240601_001_a was edited\n");
  });

  test("names the run and its last invocation where somebody has to look further, and only there", () => {
    const incomplete: Report = { ...baseOf(), ok: false, outcome: "incomplete", continuation: "1" };
    expect(renderReport(incomplete, plain).stderr).toBe(IDS);
    expect(renderReport({ ...baseOf(), ok: true, outcome: "up_to_date" }, plain).stderr).toBe("");
  });

  test("says of an outcome and a status of a newer function that it does not know them", () => {
    const polished = { ...baseOf(), ok: true, outcome: "polished" } as unknown as Report;
    expect(renderReport(polished, plain).stdout).toContain('The function answers "polished"');
    const gleaming = {
      ...migrationReport("20240601_001_a", "applied"),
      status: "gleaming",
    } as unknown as MigrationReport;
    const report: Report = { ...baseOf({ migrations: [gleaming] }), ok: true, outcome: "applied" };
    expect(renderReport(report, plain).stdout).toContain("20240601_001_a (gleaming)");
  });

  test("gives every text that it colours to the style, and nothing else decides on colours", () => {
    const loud: Style = (colour, text) => `<${colour}>${text}</>`;
    const report: Report = { ...baseOf({ warnings }), ok: true, outcome: "up_to_date" };
    expect(renderReport(report, loud)).toEqual({
      stdout: "✅ <green>Database schema is up to date</> (version: 20240601_002)\n",
      stderr: "<yellow>Warning:</> 3_c is ahead\n",
    });
  });
});

test("each stream has its own style: colours meant for a terminal do not get into a file", () => {
  const marked: Style = (_colour, text) => `<${text}>`;
  const report = failedReport(failure, { warnings, migrations: [migrationReport("20240601_001_a", "not_reached")] });
  const { stdout, stderr } = renderReport(report, marked, plain);
  expect(stdout).toContain("<");
  expect(stderr).not.toContain("<");
});
