// The page of a report: one file that loads nothing, runs nothing, and is read on a phone, in the dark and on paper. Pure.
import { createHash } from "node:crypto";
import { verdictOf } from "../render/verdict.ts";
import { driftSection } from "./drift-section.ts";
import { html, type Markup } from "./html.ts";
import { migrationLists } from "./migration-list.ts";
import { headlineOf, overview } from "./overview.ts";
import { STYLE } from "./page-style.ts";
import { type Picture, reportsIn } from "./picture.ts";
import { instant, name } from "./section.ts";
import { timeline } from "./timeline.ts";
import { trouble, warnings } from "./trouble.ts";

/** What a phone opens without a thought, and a mail takes as an attachment. */
const MAXIMUM_BYTES = 1_000_000;

/** Entries of each list. The first that fits is taken, and each list says what it leaves out. */
const LIMITS = [500, 100, 20, 4, 1];

/** A whole document, with a line end. Never over a megabyte. */
export function renderPage(picture: Picture): string {
  let page = "";
  for (const limit of LIMITS) {
    page = documentOf(picture, limit).toString();
    if (Buffer.byteLength(page) <= MAXIMUM_BYTES) break;
  }
  return page;
}

/** By its hash: a style that something else put in would not be taken. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE.toString()).digest("base64")}'; base-uri 'none'; form-action 'none'`;

function documentOf(picture: Picture, limit: number): Markup {
  const { report } = picture;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${headlineOf(verdictOf(report))} – HelloJohn migrations</title>
<style>${STYLE}</style>
</head>
<body>
${overview(picture)}
<main>
${trouble(report, limit)}
${migrationLists(report, limit)}
${driftSection(picture, limit)}
${warnings(picture, limit)}
${timeline(picture, limit)}
</main>
${footer(picture)}
</body>
</html>
`;
}

/** What a log or a session is found by. */
function footer(picture: Picture): Markup {
  return html`<footer>
<h2>Reports</h2>
<dl>${reportsIn(picture).map(
    ({ command, startedAt, runId, invocationId }) =>
      html`<div><dt>${command ?? "none"}</dt><dd>${instant(startedAt)} UTC, run ${name(runId)}, invocation ${name(invocationId)}</dd></div>`,
  )}</dl>
</footer>`;
}
