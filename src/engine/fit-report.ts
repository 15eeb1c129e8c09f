// Keeps a report below what every caller takes, whatever happened. Pure.
import type { Report } from "./report-schema.ts";
import { shortenDetails } from "./shorten-details.ts";

/** Step Functions passes on 256 KiB of state, and that is the least of all callers: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const MAXIMUM_BYTES = 200_000;

/** A message of the server may quote what a statement was given, megabytes of it. */
const MAXIMUM_TEXT = 2_000;

/**
 * Cuts overlong texts, then statements and hazards, which their migrations count, then the oldest entries of the
 * longest lists, and counts those in `omitted`. A report that fits is not touched.
 */
export function fitReport(report: Report): Report {
  const possible = withoutHopeless(report);
  if (possible === report && excessOf(report) <= 0) return report;
  let fitting = clipTexts(possible) as Report;
  for (let excess = excessOf(fitting); excess > 0; excess = excessOf(fitting)) {
    const shorter = shortenDetails(fitting, excess) ?? shorten(fitting, excess);
    if (shorter === null) return fitting;
    fitting = shorter;
  }
  return fitting;
}

function excessOf(report: Report): number {
  return Buffer.byteLength(JSON.stringify(report)) - MAXIMUM_BYTES;
}

/**
 * Without the migrations that there is no room for in any case, even where all that gives way before them has: to
 * measure ten thousand of them again and again took longer than everything else that a list of them costs.
 */
function withoutHopeless(report: Report): Report {
  const { migrations } = report;
  let bytes = 0;
  let first = migrations.length;
  for (; first > 0 && bytes <= MAXIMUM_BYTES; first--) {
    const bare = { ...migrations[first - 1], statements: undefined, hazards: undefined };
    bytes += JSON.stringify(bare).length;
  }
  if (first === 0) return report;
  return { ...report, migrations: migrations.slice(first), omitted: (report.omitted ?? 0) + first };
}

/** All but the continuation, a part of which would be none. */
function clipTexts(value: unknown): unknown {
  if (typeof value === "string") return value.length > MAXIMUM_TEXT ? `${value.slice(0, MAXIMUM_TEXT)}…` : value;
  if (Array.isArray(value)) return value.map(clipTexts);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, key === "continuation" ? entry : clipTexts(entry)]),
  );
}

function shorten(report: Report, excess: number): Report | null {
  const lists = {
    migrations: report.migrations,
    warnings: report.warnings,
    ...(report.outcome === "refused" && { problems: report.problems }),
    ...(report.outcome === "would_apply" && report.tables && { tables: report.tables }),
  };
  const [name, entries] = Object.entries(lists).reduce((a, b) => (size(b[1]) > size(a[1]) ? b : a));
  if (entries.length <= 1) return null;
  const perEntry = size(entries) / entries.length;
  // Half at most: of two long lists the shorter one would else be left whole, and of the longer one nothing.
  const dropped = Math.min(Math.floor(entries.length / 2), Math.max(1, Math.ceil(excess / perEntry)));
  // Migrations come in order of version, so the oldest are first; of problems the first are the ones to begin with.
  const kept = name === "migrations" ? entries.slice(dropped) : entries.slice(0, entries.length - dropped);
  return { ...report, [name]: kept, omitted: (report.omitted ?? 0) + dropped } as Report;
}

function size(entries: readonly unknown[]): number {
  return JSON.stringify(entries).length;
}
