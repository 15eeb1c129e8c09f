// `hj migrations run` and `rollback`, really and dry. Pure.
import { formatDuration } from "../../duration.ts";
import type { MigrationReport, Report } from "../../engine/report-schema.ts";
import { fullName } from "../../migration/manifest.ts";
import { renderFailure } from "./render-failure.ts";
import { renderForesight } from "./render-foresight.ts";
import type { Style } from "./style.ts";

/** With `isVerbose` also the statements. */
export function renderDryRun(report: Report, style: Style, isVerbose = false): readonly string[] {
  const migrations = report.migrations.filter((migration) => !isWaiting(migration));
  const waiting = report.migrations.filter(isWaiting);
  return [
    "DRY RUN — No changes will be made",
    "",
    `${report.command === "rollback" ? "Would roll back" : "Would apply"} ${count(migrations.length)}:`,
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
      : [`Running ${count(migrations.filter((migration) => !isWaiting(migration)).length, "pending ")}...`, ""]),
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
  const isRollback = report.command === "rollback";
  if (report.outcome === "failed") {
    const line = `${style("red", isRollback ? "Rollback failed." : "Migration failed.")} ${version}`;
    return isToldBeside(report) ? [line, report.failure.hint] : [line];
  }
  if (report.outcome === "refused") return [`${style("red", "Stopped before the rest.")} ${version}`];
  if (report.outcome === "incomplete") {
    return [`${style("yellow", "Time ran out.")} ${version}`, `Run hj migrations ${report.command} again to go on.`];
  }
  return [`${style("green", isRollback ? "Rollback complete." : "Migrations complete.")} ${version}`];
}

function line(migration: MigrationReport, isRollback: boolean, style: Style): string {
  const name = fullName(migration);
  const duration = formatDuration(migration.durationMs ?? 0);
  switch (migration.status) {
    case "applied":
      return `  ✅  ${name} (${duration}${waited(migration)})`;
    case "rolled_back":
      return `  ↩️  ${name} (${duration}${waited(migration)})`;
    case "failed":
      return `  ❌  ${name} (${duration}, ${leftAs(migration, isRollback)})`;
    case "in_doubt":
      return `  ❓  ${name} (${duration}, not known whether it took effect)`;
    case "started":
      return `  ⏸️  ${name} (${duration}, ${isRollback ? "half rolled back; the next rollback goes on" : "started; the next run goes on"})`;
    case "not_reached":
      return style("dim", `  ·   ${name} (not reached)`);
    case "pending":
      return style("dim", `  ·   ${name} (waits)`);
    // A newer function may know more of them.
    default:
      return style("dim", `  ·   ${name} (${migration.status})`);
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

/** Of another phase than this run's, or too early for it: its warning says which. */
function isWaiting({ status }: MigrationReport): boolean {
  return status === "pending";
}

function isTroubled({ status }: MigrationReport): boolean {
  return status === "failed" || status === "in_doubt";
}

function count(number: number, kind = ""): string {
  return `${number} ${kind}migration${number === 1 ? "" : "s"}`;
}
