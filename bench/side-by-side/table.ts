// The tables that are printed: Markdown that is read as it is. Pure.
import { FORMS, type Form, LATENCIES, type Scenario } from "./scenarios.ts";
import type { Spread } from "./statistics.ts";
import type { Cell, Row } from "./summary.ts";
import type { Counted } from "./wire-figures.ts";

const FORM_TITLES: Readonly<Record<Form, string>> = { call: "in process", process: "whole process" };

/** Everything about one scenario: what goes over the line, then a table for each form and latency. */
export function scenarioTables(
  scenario: Pick<Scenario, "title" | "rounds">,
  counts: readonly Counted[],
  cells: readonly Cell[],
): string {
  const parts = [`## ${scenario.title}`, countsTable(counts), ...cells.map(cellTable)];
  const leftOut = FORMS.flatMap((form) =>
    LATENCIES.filter((latencyMs) => scenario.rounds[form][latencyMs] === 0).map(
      (latencyMs) => `${FORM_TITLES[form]} at ${latencyMs} ms`,
    ),
  );
  if (leftOut.length > 0) parts.push(`Left out, because it takes long: ${leftOut.join(", ")}.`);
  return `${parts.join("\n\n")}\n`;
}

function countsTable(counts: readonly Counted[]): string {
  const rows = counts.map(({ tool, form, roundTrips, connections, locks, ddl }) => [
    `${tool}, ${FORM_TITLES[form]}`,
    ...[roundTrips, connections, locks, ddl].map(String),
  ]);
  return markdown(["on the line", "round trips", "connections", "locks", "own DDL"], rows);
}

function cellTable({ form, latencyMs, rounds, fastestPeer, rows }: Cell): string {
  const title = `**${FORM_TITLES[form]}, ${latencyMs} ms added one way, ${rounds} ${rounds === 1 ? "round" : "rounds"}**`;
  const peer = fastestPeer === null ? "× fastest peer" : `× fastest peer (${fastestPeer})`;
  const head = ["tool", "min", "median", "max", "× floor", peer, "CPU", "peak memory"];
  return `${title}\n\n${markdown(head, rows.map(timeRow))}`;
}

function timeRow({ tool, wallMs, ofFloor, ofFastestPeer, cpuMs, peakMb }: Row): readonly string[] {
  return [
    tool,
    ...[wallMs?.min, wallMs?.median, wallMs?.max].map((ms) => (ms === undefined ? "-" : duration(ms))),
    ratio(ofFloor),
    ratio(ofFastestPeer),
    cpuMs === null ? "-" : duration(cpuMs),
    peakMb === null ? "-" : `${Math.round(peakMb)} MB`,
  ];
}

/** Three digits that mean something: `8.4 ms`, `84 ms`, `1.23 s`. */
export function duration(ms: number): string {
  if (ms >= 999.5) return `${(ms / 1_000).toFixed(ms < 99_950 ? (ms < 9_995 ? 2 : 1) : 0)} s`;
  return `${ms.toFixed(ms < 9.95 ? 1 : 0)} ms`;
}

/** `1.38 (1.21 to 1.60)`; of one round there is no noise to tell. */
export function ratio(spread: Spread | null): string {
  if (spread === null) return "-";
  const { min, median, max } = spread;
  if (min === max) return median.toFixed(2);
  return `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`;
}

/** Padded, so that it is read as it is: text to the left, figures to the right. */
export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(" | ")} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? `:${"-".repeat(width + 1)}` : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}
