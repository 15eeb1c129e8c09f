// `hj migrations status`. Pure.
import { notThrough } from "../../engine/not-through.ts";
import type { MigrationReport, Report } from "../../engine/report-schema.ts";
import { fullName } from "../../migration/manifest.ts";
import type { Style } from "./style.ts";
import { styleTitle, verdictOf } from "./verdict.ts";

export function renderUpToDate(report: Report, style: Style): readonly string[] {
  const version = report.schemaVersion.after ?? "none";
  return [
    `✅ ${styleTitle(verdictOf(report), style)} (version: ${version})`,
    ...renderWaiting(report.migrations, style),
    ...renderRest(report.migrations, style),
  ];
}

export function renderStatus(report: Report, style: Style): readonly string[] {
  return [
    `Database: ${report.database?.url ?? "unknown"}`,
    `Schema version: ${report.schemaVersion.after ?? "none"}`,
    `Pending migrations: ${notThrough(report)}`,
    "",
    ...report.migrations.filter(({ status }) => status !== "unknown").map((migration) => line(migration, style)),
    ...renderRest(report.migrations, style),
  ];
}

/** Contract migrations: nothing is behind because of them. */
function renderWaiting(migrations: readonly MigrationReport[], style: Style): readonly string[] {
  const waiting = migrations.filter(({ status }) => status === "pending");
  return waiting.length === 0 ? [] : ["", ...waiting.map((migration) => line(migration, style))];
}

/** What is in the database and not in this build. */
function renderRest(migrations: readonly MigrationReport[], style: Style): readonly string[] {
  const unknown = migrations.filter(({ status }) => status === "unknown");
  return unknown.length === 0 ? [] : ["", ...unknown.map((migration) => line(migration, style))];
}

function line(migration: MigrationReport, style: Style): string {
  const colour = migration.status === "unknown" ? "dim" : "yellow";
  const { statementsDone: done } = migration;
  const progress = done === undefined ? "" : ` (${done} ${done === 1 ? "statement" : "statements"} done)`;
  const phase = migration.phase === "contract" ? " (contract)" : "";
  return `  ${style(colour, migration.status.toUpperCase())}  ${fullName(migration)}${phase}${progress}`;
}
