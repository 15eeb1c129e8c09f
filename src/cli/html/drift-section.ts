// Where the live schema is not what the migrations make of it. Pure.
import type { Report, ReportedDrift } from "../../engine/report-schema.ts";
import { allOf, reasonOf, titleOf } from "../render/render-validate.ts";
import { verdictOf } from "../render/verdict.ts";
import { bounded } from "./bounded.ts";
import { html, type Markup } from "./html.ts";
import { mark } from "./mark.ts";
import type { Picture } from "./picture.ts";
import { prose, section } from "./section.ts";
import { untold } from "./untold.ts";

/** Null where nobody looked. Where somebody tried to and could not, that is what it says. */
export function driftSection({ report, validation }: Picture, limit: number): Markup | null {
  const answer = validation ?? (isValidated(report) ? report : null);
  if (answer === null) return null;
  return section("schema", "Schema", "outcome" in answer && isValidated(answer) ? told(answer, limit) : untold(answer));
}

type Validated = Extract<Report, { outcome: "valid" | "drifted" }>;

function isValidated(report: Report): report is Validated {
  return report.outcome === "valid" || report.outcome === "drifted";
}

function told(report: Validated, limit: number): Markup {
  const errors = report.drift.filter(({ level }) => level === "error");
  const others = report.drift.filter(({ level }) => level !== "error");
  const verdict = verdictOf(report);
  const { shown, rest } = bounded(errors, limit, item);
  return html`<p class="verdict">${mark(verdict.mood)}<strong>${verdict.title}</strong></p>
${report.outcome === "valid" ? html`<p class="quiet">${allOf(report).join(". ")}.</p>` : null}
${errors.length === 0 ? null : html`<ul class="plain">${shown}</ul>${rest}`}
${verdict.next === null ? null : html`<p class="hint">${prose(verdict.next)}</p>`}
${others.length === 0 ? null : less(others, limit)}`;
}

/** What is nobody's concern, out of the way of what is. */
function less(others: readonly ReportedDrift[], limit: number): Markup {
  const { shown, rest } = bounded(others, limit, item);
  const summary = `${others.length} other ${others.length === 1 ? "difference, no error" : "differences, no errors"}`;
  return html`<details><summary>${summary}</summary><ul class="plain">${shown}</ul>${rest}</details>`;
}

function item(drift: ReportedDrift): Markup {
  const { expected, found } = drift;
  const reason = reasonOf(drift);
  const texts =
    expected === undefined || found === undefined
      ? null
      : html`<dl><div><dt>expected</dt><dd><code>${expected || "nothing more"}</code></dd></div><div><dt>found</dt><dd><code>${found || "nothing more"}</code></dd></div></dl>`;
  return html`<li><p>${titleOf(drift)}</p>${reason === "" ? null : html`<p class="quiet">${reason}</p>`}${texts}</li>
`;
}
