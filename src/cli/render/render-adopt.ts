// `hj migrations adopt`. Pure.
import type { Report } from "../../engine/report-schema.ts";
import { fullName } from "../../migration/manifest.ts";
import type { Style } from "./style.ts";
import { isThere, styleTitle, verdictOf } from "./verdict.ts";

export function renderAdoption(report: Report, style: Style): readonly string[] {
  const verdict = verdictOf(report);
  const names = report.migrations.filter(isThere).map((migration) => `  ${fullName(migration)}`);
  if (report.outcome === "adopted") {
    const version = report.schemaVersion.after ?? "none";
    return [`✅ ${styleTitle(verdict, style)} Schema version: ${version}`, ...names];
  }
  return [`${verdict.title}:`, ...names, ...(verdict.next === null ? [] : ["", verdict.next])];
}
