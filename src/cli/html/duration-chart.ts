// How long migrations took, as bars. Drawn in per cent of the page's width, so that its text keeps its size. Pure.
import { formatDuration } from "../../duration.ts";
import type { MigrationReport } from "../../engine/report-schema.ts";
import { fullName } from "../../migration/manifest.ts";
import { html, type Markup } from "./html.ts";

/** More bars than these nobody compares. */
const MAXIMUM_BARS = 12;
const ROW_HEIGHT = 38;

/** Null for fewer than two: one bar compares nothing. */
export function durationChart(migrations: readonly MigrationReport[]): Markup | null {
  const timed = migrations.filter(({ durationMs = 0 }) => durationMs > 0);
  if (timed.length < 2) return null;
  const isAll = timed.length <= MAXIMUM_BARS;
  const bars = isAll ? timed : timed.toSorted(bySlowness).slice(0, MAXIMUM_BARS);
  const longest = Math.max(...bars.map(({ durationMs = 0 }) => durationMs));
  const title = isAll ? "How long each took" : `The ${bars.length} slowest of ${timed.length.toLocaleString("en")}`;
  return html`<h3>${title}</h3>
<svg class="chart" role="img" aria-labelledby="chart-title chart-text" width="100%" height="${bars.length * ROW_HEIGHT}">
<title id="chart-title">${title}</title>
<desc id="chart-text">${bars.map((bar) => `${fullName(bar)}: ${tookOf(bar)}. `)}</desc>
${bars.map((bar, index) => barOf(bar, index * ROW_HEIGHT, longest))}</svg>`;
}

function bySlowness(a: MigrationReport, b: MigrationReport): number {
  return (b.durationMs ?? 0) - (a.durationMs ?? 0);
}

/** A narrow page shows versions alone; the whole name is in the list. */
function barOf(migration: MigrationReport, top: number, longest: number): Markup {
  const { version, name, durationMs = 0 } = migration;
  // Narrower than this it could not be seen.
  const width = Math.max(0.4, (100 * durationMs) / longest).toFixed(1);
  return html`<text x="0" y="${top + 15}">${clipped(version)}<tspan class="wide">_${clipped(name)}</tspan></text>
<text x="100%" y="${top + 15}" text-anchor="end">${tookOf(migration)}</text>
<rect class="track" x="0" y="${top + 22}" width="100%" height="8" rx="2"/>
<rect class="bar" x="0" y="${top + 22}" width="${width}%" height="8" rx="2"/>
`;
}

function tookOf({ durationMs = 0, attempts = 1 }: MigrationReport): string {
  return `${formatDuration(durationMs)}${attempts > 1 ? `, ${attempts} attempts` : ""}`;
}

/** Text in a drawing does not wrap. */
function clipped(text: string): string {
  return text.length > 48 ? `${text.slice(0, 47)}…` : text;
}
