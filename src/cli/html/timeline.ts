// What has been applied, batch by batch, the newest first. Pure.
import { formatDuration } from "../../duration.ts";
import type { MigrationReport } from "../../engine/report-schema.ts";
import { fullName } from "../../migration/manifest.ts";
import { formatMigrations } from "../render/amounts.ts";
import { leftOut } from "./bounded.ts";
import { durationChart } from "./duration-chart.ts";
import { html, type Markup } from "./html.ts";
import type { Picture } from "./picture.ts";
import { instant, name, section } from "./section.ts";
import { untold } from "./untold.ts";

/** Null where nobody asked for a list, or nothing in it is applied. */
export function timeline({ report, list }: Picture, limit: number): Markup | null {
  const answer = list ?? (report.outcome === "listed" ? report : null);
  if (answer === null) return null;
  if (!("outcome" in answer) || answer.outcome !== "listed") return section("timeline", "Timeline", untold(answer));
  const applied = answer.migrations.filter(({ batch }) => batch !== undefined);
  if (applied.length === 0) return null;
  const newestFirst = applied.toSorted((a, b) => (b.batch ?? 0) - (a.batch ?? 0));
  const shown = newestFirst.slice(0, limit);
  return section(
    "timeline",
    "Timeline",
    html`<table aria-labelledby="timeline">
<thead><tr><th scope="col">Migration</th><th scope="col">Applied at (UTC)</th><th scope="col" class="number">Took</th></tr></thead>
${[...Map.groupBy(shown, ({ batch }) => batch ?? 0)].map(([batch, members]) => batchRows(batch, members, applied))}
</table>
${leftOut(newestFirst.length - shown.length, "page")}${leftOut(answer.omitted ?? 0, "report")}
${durationChart(applied)}`,
  );
}

/** `shown` may be a part of the batch, which is told as a whole. */
function batchRows(batch: number, shown: readonly MigrationReport[], applied: readonly MigrationReport[]): Markup {
  const all = applied.filter((migration) => migration.batch === batch);
  const took = all.reduce((sum, { durationMs = 0 }) => sum + durationMs, 0);
  const about = [formatMigrations(all.length), ...(took > 0 ? [formatDuration(took)] : [])].join(", ");
  return html`<tbody>
<tr><th scope="rowgroup" colspan="3">Batch ${batch} <span class="quiet">${about}</span></th></tr>
${shown.map(row)}</tbody>
`;
}

function row(migration: MigrationReport): Markup {
  const { status, appliedAt, durationMs } = migration;
  const note =
    status === "applied"
      ? null
      : html` <span class="quiet">${status === "unknown" ? "not in this build" : status}</span>`;
  return html`<tr><th scope="row">${name(fullName(migration))}${note}</th><td>${appliedAt === undefined ? "—" : instant(appliedAt)}</td><td class="number">${durationMs === undefined ? "—" : formatDuration(durationMs)}</td></tr>
`;
}
