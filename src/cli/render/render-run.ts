// `hj migrations run`, really and dry. Pure.

import { formatDuration } from "../../duration.ts";
import type { MigrationReport, Report } from "../../engine/report-schema.ts";
import { fullName } from "../../migration/manifest.ts";
import type { Style } from "./style.ts";

export function renderDryRun(report: Report): readonly string[] {
  const { migrations } = report;
  return [
    "DRY RUN — No changes will be made",
    "",
    `Would apply ${count(migrations.length)}:`,
    ...migrations.map((migration) => `  ${fullName(migration)}`),
  ];
}

/** Empty for a run that failed before it came to a migration: then there is only the error to tell. */
export function renderRun(report: Report, style: Style): readonly string[] {
  const { migrations } = report;
  if (migrations.length === 0) return [];
  const failed = report.outcome === "failed" ? report.failure : null;
  return [
    `Running ${count(migrations.length, "pending ")}...`,
    "",
    ...migrations.flatMap((migration) => [
      line(migration, style),
      ...(failed && isTroubled(migration) ? renderFailure(failed, style) : []),
    ]),
    "",
    ...closing(report, style),
  ];
}

function closing(report: Report, style: Style): readonly string[] {
  const version = report.schemaVersion.after ?? "none";
  switch (report.outcome) {
    case "failed":
      return [`${style("red", "Migration failed.")} Schema version: ${version}`, report.failure.hint];
    case "incomplete":
      return [
        `${style("yellow", "Time ran out.")} Schema version: ${version}`,
        "Run hj migrations run again to go on.",
      ];
    default:
      return [`${style("green", "Migrations complete.")} Schema version: ${version}`];
  }
}

function line(migration: MigrationReport, style: Style): string {
  const name = fullName(migration);
  const duration = formatDuration(migration.durationMs ?? 0);
  switch (migration.status) {
    case "applied":
      return `  ✅  ${name} (${duration}${waited(migration)})`;
    case "failed":
      return `  ❌  ${name} (${duration}, ${migration.transactional ? "rolled back" : "stopped part way"})`;
    case "in_doubt":
      return `  ❓  ${name} (${duration}, not known whether it was applied)`;
    case "started":
      return `  ⏸️   ${name} (${duration}, started; the next run goes on)`;
    default:
      return style("dim", `  ·   ${name} (not reached)`);
  }
}

function waited({ attempts = 1 }: MigrationReport): string {
  return attempts > 1 ? `, ${attempts} attempts` : "";
}

function isTroubled({ status }: MigrationReport): boolean {
  return status === "failed" || status === "in_doubt";
}

/** Place and message; then the line with a caret, where the failure has them. */
function renderFailure(failure: (Report & { outcome: "failed" })["failure"], style: Style): readonly string[] {
  const { file, line, column, statement, caret, sqlState } = failure.details;
  const message = `${failure.message}${typeof sqlState === "string" && failure.code === "STATEMENT_FAILED" ? ` (${sqlState})` : ""}`;
  if (typeof file !== "string" || typeof line !== "number" || typeof statement !== "string") {
    return [`      ${style("red", message)}`];
  }
  const place = [file, line, column].filter((part) => part != null).join(":");
  const number = `${line} | `;
  const pointer = typeof caret === "number" ? [`      ${" ".repeat(number.length + caret)}${style("red", "^")}`] : [];
  return [`      ${place}  ${style("red", message)}`, `      ${number}${statement}`, ...pointer];
}

function count(number: number, kind = ""): string {
  return `${number} ${kind}migration${number === 1 ? "" : "s"}`;
}
