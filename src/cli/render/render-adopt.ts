// `hj migrations adopt`. Pure.
import type { Report } from "../../engine/report-schema.ts";
import { fullName } from "../../migration/manifest.ts";
import type { Style } from "./style.ts";

export function renderAdoption(report: Report, style: Style): readonly string[] {
  const there = report.migrations.filter(({ status }) => status === "would_adopt" || status === "applied");
  const count = `${there.length} of ${report.migrations.length} migrations`;
  const names = there.map((migration) => `  ${fullName(migration)}`);
  if (report.outcome === "adopted") {
    const version = report.schemaVersion.after ?? "none";
    return [`✅ ${style("green", `Recorded ${count} as applied.`)} Schema version: ${version}`, ...names];
  }
  return [
    `The schema is what ${count} make:`,
    ...names,
    "",
    "Nothing was recorded. Run hj migrations adopt --yes to record them as applied.",
  ];
}
