import { describe, expect, test } from "vitest";
import { renderDryRun, renderRun } from "../../../../src/cli/render/render-run.ts";
import type { Style } from "../../../../src/cli/render/style.ts";
import { explainStep } from "../../../../src/engine/explain-step.ts";
import type { MigrationReport, Report, ReportBase } from "../../../../src/engine/report-schema.ts";
import type { Failure } from "../../../../src/failure/failure.ts";
import { migrationOf } from "../../../support/manifest.ts";
import { baseOf, failedReport, migrationReport } from "../../../support/report.ts";

const plain: Style = (_colour, text) => text;
const FIRST = "20240601_001_add_passkey_support";
const SECOND = "20240601_002_session_device_fingerprint";
const firstApplied = migrationReport(FIRST, "applied", { durationMs: 234 });

function applied(...migrations: MigrationReport[]): Report {
  return { ...baseOf({ migrations }), ok: true, outcome: "applied" };
}

const statementFailed: Failure = {
  code: "STATEMENT_FAILED",
  message: 'column "usr_id" does not exist',
  hint: "Fix 20240601_002 and run hj migrations run again.",
  details: {
    version: "20240601_002",
    file: `${SECOND}.up.sql`,
    line: 4,
    column: 33,
    statement: "create index ... on hj_session (usr_id)",
    caret: 32,
    sqlState: "42703",
  },
};

/** The second migration failed; the first was applied, a third not reached. */
function failed(failure: Failure, second: MigrationReport, differences: Partial<ReportBase> = {}): Report {
  const migrations = [firstApplied, second, migrationReport("20240701_001_next", "not_reached")];
  const schemaVersion = { before: "20240115_001", after: "20240601_001" };
  return failedReport(failure, { migrations, schemaVersion, ...differences });
}

const secondFailed = migrationReport(SECOND, "failed", { durationMs: 12 });

describe("hj migrations run", () => {
  test("shows each migration and how long it took", () => {
    const report = applied(firstApplied, migrationReport(SECOND, "applied", { durationMs: 89 }));
    expect(renderRun(report, plain)).toEqual([
      "Running 2 pending migrations...",
      "",
      "  ✅  20240601_001_add_passkey_support (234ms)",
      "  ✅  20240601_002_session_device_fingerprint (89ms)",
      "",
      "Migrations complete. Schema version: 20240601_002",
    ]);
  });

  test("speaks of one migration in the singular", () => {
    expect(renderRun(applied(firstApplied), plain).slice(0, 3)).toEqual([
      "Running 1 pending migration...",
      "",
      "  ✅  20240601_001_add_passkey_support (234ms)",
    ]);
  });

  test("does not count those that wait for another phase", () => {
    const waiting = migrationReport(SECOND, "pending", { phase: "contract" });
    expect(renderRun(applied(firstApplied, waiting), plain).slice(0, 4)).toEqual([
      "Running 1 pending migration...",
      "",
      "  ✅  20240601_001_add_passkey_support (234ms)",
      "  ·   20240601_002_session_device_fingerprint (waits)",
    ]);
  });

  test("says how often it tried when a lock was not free at first", () => {
    const report = applied(migrationReport(FIRST, "applied", { durationMs: 2345, attempts: 3 }));
    expect(renderRun(report, plain)[2]).toBe("  ✅  20240601_001_add_passkey_support (2.3s, 3 attempts)");
  });

  test("shows where a statement failed, what was not reached, and what to do", () => {
    expect(renderRun(failed(statementFailed, secondFailed), plain)).toEqual([
      "Running 3 pending migrations...",
      "",
      "  ✅  20240601_001_add_passkey_support (234ms)",
      "  ❌  20240601_002_session_device_fingerprint (12ms, rolled back)",
      '      20240601_002_session_device_fingerprint.up.sql:4:33  column "usr_id" does not exist (42703)',
      "      4 | create index ... on hj_session (usr_id)",
      "                                          ^",
      "  ·   20240701_001_next (not reached)",
      "",
      "Migration failed. Schema version: 20240601_001",
      "Fix 20240601_002 and run hj migrations run again.",
    ]);
  });

  test.each([
    ["ordinary names", "create index i\n  on hj_session (usr_id);"],
    ["literals before it", "select 'a', 'é', usr_id;"],
    ["a line number of two digits", `${"\n".repeat(11)}select usr_id;`],
  ])("puts the caret under what PostgreSQL points at, behind %s", (_what, sql) => {
    const migration = migrationOf(`${SECOND}.up.sql`, sql);
    const { version, name } = migration;
    const outcome = explainStep({
      step: { direction: "up", version, name, migration, script: migration.up, resumes: null },
      statement: migration.up.statements[0],
      offset: sql.indexOf("usr_id"),
      error: Object.assign(new Error("no such column"), { severity: "ERROR", code: "42703" }),
      interruption: null,
      attempts: 1,
      blockers: [],
      budget: { timeoutMs: 1000, endsAt: 0, reason: "timeout" },
      isOverdue: false,
    });
    if (outcome.kind !== "failed") throw new TypeError(outcome.kind);
    const lines = renderRun(failed(outcome.failure, secondFailed), plain);
    const caret = lines.find((line) => line.endsWith("^")) ?? "";
    const excerpt = lines[lines.indexOf(caret) - 1] ?? "";
    expect(excerpt.slice(caret.length - 1)).toMatch(/^usr_id/);
  });

  test("puts the caret under a column behind a tab, which is as wide as the terminal makes it", () => {
    const details = { ...statementFailed.details, statement: "\tselect usr_id;", column: 9, caret: 8 };
    const lines = renderRun(failed({ ...statementFailed, details } as Failure, secondFailed), plain);
    expect(lines[5]).toBe("      4 | \tselect usr_id;");
    expect(lines[6]).toBe("          \t       ^");
  });

  test("points at a line, without a caret, when PostgreSQL gave no position", () => {
    const details = { ...statementFailed.details, column: null, caret: null };
    const lines = renderRun(failed({ ...statementFailed, details } as Failure, secondFailed), plain);
    expect(lines.slice(4, 7)).toEqual([
      '      20240601_002_session_device_fingerprint.up.sql:4  column "usr_id" does not exist (42703)',
      "      4 | create index ... on hj_session (usr_id)",
      "  ·   20240701_001_next (not reached)",
    ]);
  });

  test("does not say that a migration was rolled back when it is no transaction", () => {
    const second = { ...secondFailed, transactional: false };
    expect(renderRun(failed(statementFailed, second), plain)[3]).toBe(
      "  ❌  20240601_002_session_device_fingerprint (12ms, stopped part way)",
    );
  });

  test("does not claim to know what became of a migration whose connection was lost", () => {
    const failure: Failure = {
      code: "CONNECTION_LOST",
      message: "the connection was lost while 20240601_002 ran",
      hint: "Run again to go on.",
      details: { version: "20240601_002", sqlState: null },
    };
    const second = migrationReport(SECOND, "in_doubt", { durationMs: 12 });
    expect(renderRun(failed(failure, second), plain).slice(3)).toEqual([
      "  ❓  20240601_002_session_device_fingerprint (12ms, not known whether it took effect)",
      "      the connection was lost while 20240601_002 ran",
      "  ·   20240701_001_next (not reached)",
      "",
      "Migration failed. Schema version: 20240601_001",
      "Run again to go on.",
    ]);
  });

  test("calls the version none when the very first migration failed", () => {
    const schemaVersion = { before: null, after: null };
    expect(renderRun(failed(statementFailed, secondFailed, { schemaVersion }), plain)).toContain(
      "Migration failed. Schema version: none",
    );
  });

  test("says what is left when time ran out", () => {
    const report: Report = {
      ...baseOf({
        migrations: [
          firstApplied,
          migrationReport(SECOND, "started", { durationMs: 50_000, transactional: false }),
          migrationReport("20240701_001_next", "not_reached"),
        ],
        schemaVersion: { before: null, after: "20240601_001" },
      }),
      ok: false,
      outcome: "incomplete",
      continuation: "token",
    };
    expect(renderRun(report, plain)).toEqual([
      "Running 3 pending migrations...",
      "",
      "  ✅  20240601_001_add_passkey_support (234ms)",
      "  ⏸️  20240601_002_session_device_fingerprint (50s, started; the next run goes on)",
      "  ·   20240701_001_next (not reached)",
      "",
      "Time ran out. Schema version: 20240601_001",
      "Run hj migrations run again to go on.",
    ]);
  });

  test("is empty for a run that failed before it came to a migration", () => {
    expect(renderRun(failedReport(statementFailed), plain)).toEqual([]);
  });
});

describe("hj migrations run --dry-run", () => {
  function wouldApply(...names: readonly string[]): Report {
    const migrations = names.map((name) => migrationReport(name, "would_apply"));
    return { ...baseOf({ dryRun: true, migrations }), ok: true, outcome: "would_apply" };
  }

  test("shows what would be applied", () => {
    expect(renderDryRun(wouldApply(FIRST, SECOND), plain)).toEqual([
      "DRY RUN — No changes will be made",
      "",
      "Would apply 2 migrations:",
      "  20240601_001_add_passkey_support",
      "  20240601_002_session_device_fingerprint",
    ]);
  });

  test("shows apart what would wait for another phase", () => {
    const report = wouldApply(FIRST);
    const waiting = migrationReport(SECOND, "pending", { phase: "contract" });
    expect(renderDryRun({ ...report, migrations: [...report.migrations, waiting] }, plain).slice(2)).toEqual([
      "Would apply 1 migration:",
      "  20240601_001_add_passkey_support",
      "",
      "Would wait:",
      "  20240601_002_session_device_fingerprint",
    ]);
  });

  test("speaks of one migration in the singular", () => {
    expect(renderDryRun(wouldApply(FIRST), plain)[2]).toBe("Would apply 1 migration:");
  });
});

describe("hj migrations rollback", () => {
  const secondBack = migrationReport(SECOND, "rolled_back", { durationMs: 56 });
  const firstBack = migrationReport(FIRST, "rolled_back", { durationMs: 120 });
  const stored: Failure = {
    ...statementFailed,
    message: 'table "acount" does not exist',
    hint: "Mend what is in its way and roll back again, or leave the schema.",
    details: {
      ...statementFailed.details,
      file: `${FIRST}.down.sql`,
      line: 1,
      column: 12,
      statement: "drop table acount",
      caret: 11,
      sqlState: "42P01",
    },
  } as Failure;

  /** What a rollback says that came this far. */
  function rollbackOf(...migrations: MigrationReport[]): ReportBase {
    const schemaVersion = { before: "20240601_002", after: "20240115_001" };
    return baseOf({ command: "rollback", migrations, schemaVersion });
  }

  test("shows each migration, the newest first, and how long it took", () => {
    const report: Report = { ...rollbackOf(secondBack, firstBack), ok: true, outcome: "rolled_back" };
    expect(renderRun(report, plain)).toEqual([
      "⚠️  Rolling back migration batch...",
      "  ↩️  20240601_002_session_device_fingerprint (56ms)",
      "  ↩️  20240601_001_add_passkey_support (120ms)",
      "",
      "Rollback complete. Schema version: 20240115_001",
    ]);
  });

  test("calls the version none when nothing is left", () => {
    const base = { ...rollbackOf(firstBack), schemaVersion: { before: "20240601_001", after: null } };
    expect(renderRun({ ...base, ok: true, outcome: "rolled_back" }, plain).at(-1)).toBe(
      "Rollback complete. Schema version: none",
    );
  });

  test("says how often it tried when a lock was not free at first", () => {
    const report: Report = { ...rollbackOf({ ...secondBack, attempts: 2 }), ok: true, outcome: "rolled_back" };
    expect(renderRun(report, plain)[1]).toBe("  ↩️  20240601_002_session_device_fingerprint (56ms, 2 attempts)");
  });

  test("shows where a down script failed, and what to do", () => {
    const failed = migrationReport(FIRST, "failed", { durationMs: 12, transactional: false });
    const oldest = migrationReport("20240115_001_initial_schema", "not_reached");
    expect(renderRun(failedReport(stored, rollbackOf(secondBack, failed, oldest)), plain)).toEqual([
      "⚠️  Rolling back migration batch...",
      "  ↩️  20240601_002_session_device_fingerprint (56ms)",
      "  ❌  20240601_001_add_passkey_support (12ms, stopped part way)",
      '      20240601_001_add_passkey_support.down.sql:1:12  table "acount" does not exist (42P01)',
      "      1 | drop table acount",
      "                     ^",
      "  ·   20240115_001_initial_schema (not reached)",
      "",
      "Rollback failed. Schema version: 20240115_001",
      "Mend what is in its way and roll back again, or leave the schema.",
    ]);
  });

  test("does not call rolled back what is still applied because its down script failed", () => {
    const failed = migrationReport(FIRST, "failed", { durationMs: 12, transactional: true });
    const lines = renderRun(failedReport(stored, rollbackOf(failed)), plain);
    expect(lines[1]).toMatch(/^ {2}❌ {2}20240601_001_add_passkey_support \(12ms/);
    expect(lines[1]).not.toContain("rolled back)");
  });

  test("does not claim to know what became of a migration whose connection was lost", () => {
    const failure: Failure = {
      code: "CONNECTION_LOST",
      message: "the connection was lost while 20240601_002 ran",
      hint: "hj migrations status says.",
      details: { version: "20240601_002", sqlState: null },
    };
    const inDoubt = migrationReport(SECOND, "in_doubt", { durationMs: 12 });
    expect(renderRun(failedReport(failure, rollbackOf(inDoubt)), plain).slice(1, 3)).toEqual([
      "  ❓  20240601_002_session_device_fingerprint (12ms, not known whether it took effect)",
      "      the connection was lost while 20240601_002 ran",
    ]);
  });

  test("says what is left when time ran out, and that it is a rollback that goes on", () => {
    const base = rollbackOf(secondBack, migrationReport(FIRST, "not_reached"));
    expect(renderRun({ ...base, ok: false, outcome: "incomplete", continuation: "token" }, plain)).toEqual([
      "⚠️  Rolling back migration batch...",
      "  ↩️  20240601_002_session_device_fingerprint (56ms)",
      "  ·   20240601_001_add_passkey_support (not reached)",
      "",
      "Time ran out. Schema version: 20240115_001",
      "Run hj migrations rollback again to go on.",
    ]);
  });

  test("does not send a reader to the next run, which refuses what is half rolled back", () => {
    const started = migrationReport(SECOND, "started", { durationMs: 50_000, transactional: false });
    const report: Report = { ...rollbackOf(started), ok: false, outcome: "incomplete", continuation: "token" };
    const [, line] = renderRun(report, plain);
    expect(line).toMatch(/^ {2}⏸️ {2}20240601_002_session_device_fingerprint \(50s/);
    expect(line).not.toContain("the next run goes on");
  });

  test("is empty when it failed before it came to a migration", () => {
    expect(renderRun(failedReport(stored, rollbackOf()), plain)).toEqual([]);
  });
});

describe("hj migrations rollback --dry-run", () => {
  function wouldRollBack(...names: readonly string[]): Report {
    const migrations = names.map((name) => migrationReport(name, "would_roll_back"));
    return { ...baseOf({ command: "rollback", dryRun: true, migrations }), ok: true, outcome: "would_roll_back" };
  }

  test("shows what would be taken back, the newest first", () => {
    expect(renderDryRun(wouldRollBack(SECOND, FIRST), plain)).toEqual([
      "DRY RUN — No changes will be made",
      "",
      "Would roll back 2 migrations:",
      "  20240601_002_session_device_fingerprint",
      "  20240601_001_add_passkey_support",
    ]);
  });

  test("speaks of one migration in the singular", () => {
    expect(renderDryRun(wouldRollBack(FIRST), plain)[2]).toBe("Would roll back 1 migration:");
  });
});
