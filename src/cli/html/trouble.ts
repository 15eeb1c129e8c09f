// What went wrong, and what is worth knowing: the failure with its place and its blockers, problems, warnings. Pure.
import * as z from "zod/mini";
import { describeBuild } from "../../engine/describe-sight.ts";
import type { Report } from "../../engine/report-schema.ts";
import { messageOf, placeOf } from "../render/render-failure.ts";
import { sentence } from "../render/render-problems.ts";
import { bounded } from "./bounded.ts";
import { clipped, html, type Markup } from "./html.ts";
import { type Picture, reportsIn } from "./picture.ts";
import { instant, name, prose, section } from "./section.ts";

type ReportedProblem = Report["warnings"][number];

/** Null where nothing failed and nothing was refused. */
export function trouble(report: Report, limit: number): Markup | null {
  if (report.outcome === "refused") return section("problems", "Problems", problemList(report.problems, limit));
  if (report.outcome !== "failed") return null;
  const { failure } = report;
  const place = placeOf(failure);
  return section(
    "failure",
    "What happened",
    html`<p class="message">${messageOf(failure)}</p>
<p class="quiet">${place === null ? null : html`${name(place.name)} · `}<code>${failure.code}</code></p>
${place === null ? null : html`<pre tabindex="0" role="region" aria-label="The statement">${place.line}${place.pointer === null ? null : html`\n${place.pointer}^`}</pre>`}
${sessions(failure.details, limit)}`,
  );
}

/** Each once: the reports of one picture warn about the same things. Null where there are none. */
export function warnings(picture: Picture, limit: number): Markup | null {
  const all = reportsIn(picture).flatMap((report) => report.warnings);
  const told = [...new Map(all.map((warning) => [shownOf(warning), warning])).values()];
  return told.length === 0 ? null : section("warnings", "Warnings", problemList(told, limit));
}

/** All that is shown of it. */
function shownOf(problem: ReportedProblem): string {
  return [sentence(problem), problem.hint ?? ""].map(clipped).join("\n");
}

function problemList(problems: readonly ReportedProblem[], limit: number): Markup {
  const { shown, rest } = bounded(
    problems,
    limit,
    (problem) =>
      html`<li><p>${sentence(problem)}</p>${problem.hint === undefined ? null : html`<p class="hint">${prose(problem.hint)}</p>`}</li>`,
  );
  return html`<ul class="plain">${shown}</ul>${rest}`;
}

/** Whoever is in the way: those who keep a lock, or the session that is at work with the run lock. */
function sessions(details: Readonly<Record<string, unknown>>, limit: number): Markup | null {
  const { holder, blockers = [] } = z.safeParse(waits, details).data ?? {};
  if (holder != null) return html`<h3>Who holds the run lock</h3>${session(holder)}`;
  if (blockers.length === 0) return null;
  const { shown, rest } = bounded(blockers, limit, (blocker) => html`<li>${session(blocker)}</li>`);
  return html`<h3>Who keeps the lock</h3>
<ul class="plain">${shown}</ul>${rest}`;
}

/** What the role may see of it. */
function session({ pid, application, state, since, mode, relation, build, query, ...rest }: Seen): Markup {
  const from = since ?? rest.stateSince;
  const facts = [
    ["Session", html`pid ${pid}, ${name(application || "unnamed")}`],
    ["State", state == null ? null : html`${state}${from == null ? null : html` since ${instant(from)} UTC`}`],
    ["Lock", mode == null ? null : html`${mode} on ${name(relation ?? "unknown")}`],
    ["At", build == null ? null : describeBuild(build)],
    ["Last query", query == null ? null : name(query)],
    ["Waits", rest.isBlocked ? "itself, for another session" : null],
    ["Autovacuum", rest.preventsWraparound ? "does not give way: it prevents wraparound" : null],
  ] as const;
  return html`<dl>${facts.map(([term, fact]) => (fact === null ? null : html`<div><dt>${term}</dt><dd>${fact}</dd></div>`))}</dl>`;
}

// Details are as open as the list of codes: what is here of a shape that is known is told, and all else is left out.
const text = z.optional(z.nullable(z.string()));
const seen = z.looseObject({
  pid: z.number(),
  application: text,
  state: text,
  since: text,
  stateSince: text,
  mode: text,
  relation: text,
  isBlocked: z.optional(z.boolean()),
  preventsWraparound: z.optional(z.boolean()),
  build: z.optional(z.nullable(z.looseObject({ phase: z.string(), percent: z.nullable(z.number()) }))),
  query: text,
});
type Seen = z.infer<typeof seen>;
const waits = z.looseObject({ blockers: z.optional(z.array(seen)), holder: z.optional(z.nullable(seen)) });
