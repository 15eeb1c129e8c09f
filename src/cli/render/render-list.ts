// `hj migrations list`. Pure.
import type { Report } from "../../engine/report-schema.ts";
import { fullName } from "../../migration/manifest.ts";
import { formatInstant, type Style } from "./style.ts";

/** The width of HelloJohn's documentation; longer names widen the column. */
const NAME_WIDTH = 35;
const STATUS_WIDTH = 8;

export function renderList(report: Report, style: Style): readonly string[] {
  const names = report.migrations.map(fullName);
  const width = Math.max(NAME_WIDTH, ...names.map((name) => name.length)) + 2;
  const rows = report.migrations.map((migration, index) => {
    const appliedAt = migration.appliedAt === undefined ? "—" : formatInstant(migration.appliedAt);
    return `${(names[index] ?? "").padEnd(width)}${migration.status.padEnd(STATUS_WIDTH)}  ${appliedAt}`;
  });
  return [style("bold", `${"VERSION".padEnd(width)}${"STATUS".padEnd(STATUS_WIDTH)}  APPLIED AT`), ...rows];
}
