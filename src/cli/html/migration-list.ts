// The migrations that a report is about: what became of each or what waits, with its locks and hazards. Pure.
import type { ReportedHazard, ReportedStatement } from "../../engine/foresight-schema.ts";
import type { MigrationReport, Report } from "../../engine/report-schema.ts";
import { fullName } from "../../migration/manifest.ts";
import { describeLocks } from "../render/describe-locks.ts";
import { describeLock } from "../render/render-foresight.ts";
import { describeEnd } from "../render/render-run.ts";
import { isTroubled, type Mood } from "../render/verdict.ts";
import { bounded, leftOut } from "./bounded.ts";
import { durationChart } from "./duration-chart.ts";
import { type Content, html, type Markup } from "./html.ts";
import { name, section } from "./section.ts";

/** What a run did, or would do; of what only looked, that which is not simply applied. Nothing where there is none. */
export function migrationLists(report: Report, limit: number): readonly Markup[] {
  const { migrations, outcome, omitted = 0 } = report;
  const list = (id: string, title: string, told: readonly MigrationReport[], more: Content = null) => {
    if (told.length === 0) return [];
    const { shown, rest } = bounded(told, limit, (migration) => item(migration, report, limit));
    return [section(id, title, html`<ol class="plain migrations">${shown}</ol>${rest}${more}`)];
  };
  const left = leftOut(omitted, "report");
  if (STORIES.has(outcome)) return list("migrations", "Migrations", migrations, [left, durationChart(migrations)]);
  const isPending = ({ status }: MigrationReport) => status !== "applied" && status !== "unknown";
  return [
    // Of a list the timeline says it.
    ...list("pending", "Pending", migrations.filter(isPending), outcome === "listed" ? null : left),
    ...list(
      "unknown",
      "Not in this build",
      migrations.filter(({ status }) => status === "unknown"),
    ),
  ];
}

/** What tells what was done, or would be, of applied ones too. */
const STORIES: ReadonlySet<Report["outcome"]> = new Set([
  "applied",
  "rolled_back",
  "would_apply",
  "would_roll_back",
  "incomplete",
  "refused",
  "failed",
  "adopted",
  "would_adopt",
]);

function item(migration: MigrationReport, report: Report, limit: number): Markup {
  const { status, hazards = [], statements = [], omitted } = migration;
  const locks = bounded(describeLocks(migration, report), limit, (sentence) => html`<li>${sentence}</li>`);
  const feared = bounded(hazards, limit, hazard);
  // The heading of the list says these.
  const isSaid = !STORIES.has(report.outcome) && (status === "pending" || status === "unknown");
  const word = html`<strong class="${MOODS.get(status) ?? "plain"}">${status.replaceAll("_", " ")}</strong>`;
  const said: readonly Content[] = [...(isSaid ? [] : [word]), ...remarks(migration, report)];
  return html`<li>
<div class="entry"><h3>${name(fullName(migration))}</h3>${said.length === 0 ? null : html`<p>${said.map((each, index) => html`${index === 0 ? "" : " · "}${each}`)}</p>`}</div>
${locks.shown.length === 0 ? null : html`<ul class="locks">${locks.shown}</ul>${locks.rest}`}
${feared.shown.length === 0 ? null : html`<ul class="plain hazards">${feared.shown}</ul>${feared.rest}`}
${statementList(statements, limit)}
${leftOut(omitted ?? 0, "report")}
</li>
`;
}

const MOODS: ReadonlyMap<string, Mood> = new Map([
  ["applied", "good"],
  ["rolled_back", "good"],
  ["pending", "attention"],
  ["started", "attention"],
  ["in_doubt", "attention"],
  ["failed", "bad"],
]);

/** What is worth knowing of a migration beside its status. */
function remarks(migration: MigrationReport, report: Report): readonly string[] {
  const { status, durationMs, phase, transactional, reversible, statementsDone: done } = migration;
  const hasEnded = STORIES.has(report.outcome) && (durationMs !== undefined || isTroubled(migration));
  const isAhead = status !== "applied" && status !== "rolled_back";
  return [
    ...(hasEnded ? [describeEnd(migration, report.command === "rollback")] : []),
    ...(done === undefined ? [] : [`${done} ${done === 1 ? "statement" : "statements"} done`]),
    ...(phase === "contract" ? ["contract"] : []),
    ...(isAhead && transactional === false ? ["not in a transaction"] : []),
    ...(isAhead && reversible === false ? ["no way back"] : []),
  ];
}

function hazard({ rule, level, message, file, line, column, allowed }: ReportedHazard): Markup {
  const title =
    allowed === null
      ? html`<strong class="${level === "error" ? "bad" : "attention"}">${level}</strong>`
      : html`<strong>allowed</strong>`;
  return html`<li>
<p>${title} ${name(rule)}</p>
<p>${message}</p>
<p class="quiet">${name(`${file}:${line}:${column}`)} · ${allowed === null ? html`${name(`hj migrations explain ${rule}`)}` : `Allowed: ${allowed}`}</p>
</li>
`;
}

function statementList(statements: readonly ReportedStatement[], limit: number): Markup | null {
  if (statements.length === 0) return null;
  const { shown, rest } = bounded(
    statements,
    limit,
    ({ line, excerpt, locks = [] }) =>
      html`<li><code>${line} | ${excerpt}</code>${locks.map((lock) => html`<br>${describeLock(lock)}`)}</li>`,
  );
  const summary = `${statements.length} ${statements.length === 1 ? "statement" : "statements"}`;
  return html`<details><summary>${summary}</summary><ul class="plain">${shown}</ul>${rest}</details>`;
}
