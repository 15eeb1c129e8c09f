// `hj migrations run` and `rollback`, really and dry. Pure.
import { formatDuration } from "../../duration.ts";
import type { MigrationReport, Report } from "../../engine/report-schema.ts";
import { fullName } from "../../migration/manifest.ts";
import { formatMigrations } from "./amounts.ts";
import { renderFailure } from "./render-failure.ts";
import { renderForesight } from "./render-foresight.ts";
import type { Style } from "./style.ts";
import { isTroubled, isWaiting, styleTitle, verdictOf } from "./verdict.ts";

/** With `isVerbose` also the statements. */
export function renderDryRun(report: Report, style: Style, isVerbose = false): readonly string[] {
  const migrations = report.migrations.filter((migration) => !isWaiting(migration));
  const waiting = report.migrations.filter(isWaiting);
  return [
    "DRY RUN — No changes will be made",
    "",
    `${verdictOf(report).title}:`,
    ...migrations.flatMap((migration) => [
      `  ${fullName(migration)}`,
      ...renderForesight(migration, report, style, isVerbose),
    ]),
    ...(waiting.length === 0 ? [] : ["", "Would wait:", ...waiting.map((migration) => `  ${fullName(migration)}`)]),
  ];
}

/** Empty for a run that ended before it came to a migration: then there is only the error to tell. */
export function renderRun(report: Report, style: Style): readonly string[] {
  const { migrations } = report;
  if (migrations.length === 0) return [];
  const failure = report.outcome === "failed" ? report.failure : null;
  const isRollback = report.command === "rollback";
  return [
    ...(isRollback
      ? ["⚠️  Rolling back migration batch..."]
      : [
          `Running ${formatMigrations(migrations.filter((migration) => !isWaiting(migration)).length, "pending ")}...`,
          "",
        ]),
    ...migrations.flatMap((migration) => [
      line(migration, isRollback, style),
      ...(failure && isTroubled(migration) ? renderFailure(failure, style) : []),
    ]),
    "",
    ...closing(report, style),
  ];
}

/** Whether the failure stands below a migration; else it is told as an error, hint and all. */
export function isToldBeside(report: Report): boolean {
  return report.migrations.some(isTroubled);
}

function closing(report: Report, style: Style): readonly string[] {
  const version = `Schema version: ${report.schemaVersion.after ?? "none"}`;
  const verdict = verdictOf(report);
  // What is told as an error tells what to do as well.
  const next = report.outcome === "failed" && !isToldBeside(report) ? null : verdict.next;
  return [`${styleTitle(verdict, style)} ${version}`, ...(next === null ? [] : [next])];
}

function line(migration: MigrationReport, isRollback: boolean, style: Style): string {
  const text = `${fullName(migration)} (${describeEnd(migration, isRollback)})`;
  switch (migration.status) {
    case "applied":
      return `  ✅  ${text}`;
    case "rolled_back":
      return `  ↩️  ${text}`;
    case "failed":
      return `  ❌  ${text}`;
    case "in_doubt":
      return `  ❓  ${text}`;
    case "started":
      return `  ⏸️  ${text}`;
    default:
      return style("dim", `  ·   ${text}`);
  }
}

/** What became of a migration in a run: how long it took, and what it left. */
export function describeEnd(migration: MigrationReport, isRollback: boolean): string {
  const duration = formatDuration(migration.durationMs ?? 0);
  switch (migration.status) {
    case "applied":
    case "rolled_back":
      return `${duration}${waited(migration)}`;
    case "failed":
      return `${duration}, ${leftAs(migration, isRollback)}`;
    case "in_doubt":
      return `${duration}, not known whether it took effect`;
    case "started":
      return `${duration}, ${isRollback ? "half rolled back; the next rollback goes on" : "started; the next run goes on"}`;
    case "not_reached":
      return "not reached";
    case "pending":
      return "waits";
    // A newer function may know more of them.
    default:
      return migration.status;
  }
}

/** What a failed step leaves: a transaction nothing of it, statements what came before. */
function leftAs({ transactional }: MigrationReport, isRollback: boolean): string {
  if (!transactional) return "stopped part way";
  return isRollback ? "still applied" : "rolled back";
}

function waited({ attempts = 1 }: MigrationReport): string {
  return attempts > 1 ? `, ${attempts} attempts` : "";
}
