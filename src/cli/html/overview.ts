// The head of the page: what it came to and what to do next, then where and when. Pure.
import { formatDuration } from "../../duration.ts";
import type { Report } from "../../engine/report-schema.ts";
import { type Verdict, verdictOf } from "../render/verdict.ts";
import { type Content, html, type Markup } from "./html.ts";
import { mark } from "./mark.ts";
import type { Picture } from "./picture.ts";
import { instant, name, prose } from "./section.ts";

/** The page's one heading of the first order is in it. */
export function overview({ report, validation }: Picture): Markup {
  const verdict = verdictOf(report);
  return html`<header>
<p class="kicker">HelloJohn migrations${report.command === null ? null : html` <span>${report.command}</span>`}</p>
<div class="verdict">${mark(verdict.mood)}<h1>${headlineOf(verdict)}</h1></div>
${isUnexplained(validation) ? html`<p class="also">${mark("bad")}<strong>${verdictOf(validation).title}</strong></p>` : null}
${report.dryRun ? html`<p class="subtitle">DRY RUN — No changes will be made</p>` : null}
${verdict.next === null ? null : html`<p class="next"><strong>Next:</strong> ${prose(verdict.next)}</p>`}
<dl class="facts">${factsOf(report).map(([term, fact]) => html`<div><dt>${term}</dt><dd>${fact}</dd></div>`)}</dl>
</header>
`;
}

/** What no run will mend is not left to a section further down, below a headline that is glad of the rest. */
function isUnexplained(validation: Picture["validation"]): validation is Drifted {
  if (validation === null || !("outcome" in validation) || validation.outcome !== "drifted") return false;
  return validation.drift.some(({ level, because }) => level === "error" && because !== "pending");
}

type Drifted = Extract<Report, { outcome: "drifted" }>;

/** The title without the full stop that a sentence on a terminal has. */
export function headlineOf({ title }: Verdict): string {
  return title.replace(/\.$/, "");
}

/** Nothing for what was not read. */
function factsOf(report: Report): readonly (readonly [string, Content])[] {
  const { database, startedAt, durationMs } = report;
  const read = database !== null && isRead(report);
  return [
    ...(database === null
      ? []
      : ([
          ["Database", name(database.url)],
          ["Schema", html`${name(database.schema)} on PostgreSQL ${database.serverVersion}`],
        ] as const)),
    ...(read
      ? ([
          ["Schema version", versions(report)],
          ["Migrations", counts(report)],
        ] as const)
      : []),
    ["As of", html`${instant(startedAt)} UTC, in ${formatDuration(durationMs)}`],
  ];
}

/** A request that was stopped before it came to the journal knows no version, which is not the same as none. */
function isRead({ ok, counts }: Report): boolean {
  return ok || Object.values(counts).some((number) => number > 0);
}

function versions({ schemaVersion: { before, after } }: Report): Markup {
  const now = name(after ?? "none");
  return before === after ? now : html`${now}, was ${name(before ?? "none")}`;
}

function counts({ counts: { applied, pending, started, unknown } }: Report): string {
  const rare = [
    [started, "started"],
    [unknown, "not in this build"],
  ] as const;
  const told = rare.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`);
  return [`${applied} applied`, `${pending} pending`, ...told].join(", ");
}
