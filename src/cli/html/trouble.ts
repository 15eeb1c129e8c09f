// What went wrong, and what is worth knowing: the failure with its place and its blockers, problems, warnings. Pure.
import * as z from "zod/mini";
import { describeHolder } from "../../engine/describe-sight.ts";
import type { Report } from "../../engine/report-schema.ts";
import { messageOf, placeOf } from "../render/render-failure.ts";
import { sentence } from "../render/render-problems.ts";
import { bounded } from "./bounded.ts";
import { html, type Markup } from "./html.ts";
import { type Picture, reportsIn } from "./picture.ts";
import { instant, section } from "./section.ts";

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
<p class="quiet">${place === null ? null : html`<code>${place.name}</code> · `}<code>${failure.code}</code></p>
${place === null ? null : html`<pre tabindex="0" role="region" aria-label="The statement">${place.line}${place.pointer === null ? null : html`\n${place.pointer}^`}</pre>`}
${sessions(failure.details, limit)}`,
  );
}

/** Each once: the reports of one picture warn about the same things. Null where there are none. */
export function warnings(picture: Picture, limit: number): Markup | null {
  const all = reportsIn(picture).flatMap((report) => report.warnings);
  const told = [...new Map(all.map((warning) => [JSON.stringify(warning), warning])).values()];
  return told.length === 0 ? null : section("warnings", "Warnings", problemList(told, limit));
}

function problemList(problems: readonly ReportedProblem[], limit: number): Markup {
  const { shown, rest } = bounded(
    problems,
    limit,
    (problem) =>
      html`<li><p>${sentence(problem)}</p>${problem.hint === undefined ? null : html`<p class="next">${problem.hint}</p>`}</li>`,
  );
  return html`<ul class="plain">${shown}</ul>${rest}`;
}

/** Whoever is in the way: those who keep a lock, or the session that is at work with the run lock. */
function sessions(details: Readonly<Record<string, unknown>>, limit: number): Markup | null {
  const { data } = z.safeParse(waits, details);
  if (data?.holder != null) {
    const waited = html`<p>The run lock is held by ${describeHolder({ ...EMPTY_HOLDER, ...data.holder })}.</p>`;
    return html`<h3>Who is at work</h3>${waited}`;
  }
  if (data?.blockers === undefined || data.blockers.length === 0) return null;
  const { shown, rest } = bounded(data.blockers, limit, blockerRow);
  return html`<h3 id="blockers">Who keeps the lock</h3>
<table aria-labelledby="blockers">
<thead><tr><th scope="col">Session</th><th scope="col">State</th><th scope="col">Lock</th></tr></thead>
<tbody>${shown}</tbody>
</table>
${rest}`;
}

function blockerRow({
  pid,
  application,
  state,
  since,
  mode,
  relation,
  isBlocked,
  preventsWraparound,
  query,
}: Blocker): Markup {
  const notes = [
    ...(isBlocked ? ["itself blocked"] : []),
    ...(preventsWraparound ? ["an autovacuum that does not give way: it prevents wraparound"] : []),
  ];
  return html`<tr><th scope="row">pid ${pid}<br><code>${application || "unnamed"}</code></th>
<td>${state ?? "not known"}${since == null ? null : html` since ${instant(since)}`}${notes.map((note) => html`<br>${note}`)}${query === undefined ? null : html`<br><code>${query}</code>`}</td>
<td>${mode == null ? "not known" : html`${mode} on <code>${relation ?? "unknown"}</code>`}</td></tr>`;
}

// Details are as open as the list of codes: what is here of a shape that is known is told, and all else is left out.
const text = z.optional(z.nullable(z.string()));
const blocker = z.looseObject({
  pid: z.number(),
  application: text,
  state: text,
  since: text,
  mode: text,
  relation: text,
  isBlocked: z.optional(z.boolean()),
  preventsWraparound: z.optional(z.boolean()),
  query: z.optional(z.string()),
});
type Blocker = z.infer<typeof blocker>;
const build = z.looseObject({ phase: z.string(), percent: z.nullable(z.number()) });
const holder = z.looseObject({
  pid: z.number(),
  application: z.nullable(z.string()),
  state: z.nullable(z.string()),
  stateSince: z.nullable(z.string()),
  build: z.nullable(build),
});
const EMPTY_HOLDER = { connectedAt: null } as const;
const waits = z.looseObject({ blockers: z.optional(z.array(blocker)), holder: z.optional(z.nullable(holder)) });
