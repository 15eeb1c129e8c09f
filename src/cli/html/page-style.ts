// How the page looks. One style sheet for a phone, a desk, the dark and paper; system fonts, because nothing is loaded.
import { html } from "./html.ts";

/** Colours keep a contrast of at least 4.5 to 1 with what is behind them; test/e2e/html-report.test.ts measures. */
export const STYLE = html`
:root {
  color-scheme: light dark;
  --ground: #ffffff;
  --raised: #f5f5f2;
  --ink: #1c1f23;
  --quiet: #5b626b;
  --line: #dddfe2;
  --good: #17683d;
  --attention: #7d5300;
  --bad: #a8231c;
  --bar: #4a6b9a;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ground: #15171a;
    --raised: #1f2226;
    --ink: #e6e8ea;
    --quiet: #a3abb4;
    --line: #353a40;
    --good: #6cc893;
    --attention: #e0b060;
    --bad: #ff938a;
    --bar: #86a8d8;
  }
}
* { box-sizing: border-box; margin: 0; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  max-width: 46rem;
  margin: 0 auto;
  padding: 2.5rem 1.25rem 4rem;
  background: var(--ground);
  color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  overflow-wrap: break-word;
}
code, pre { font: 0.875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; overflow-wrap: anywhere; }
code, p, li, td, th, dd { unicode-bidi: isolate; }
h1, h2, h3 { line-height: 1.2; font-weight: 650; text-wrap: balance; }
h1 { min-width: 0; font-size: 1em; letter-spacing: -0.02em; }
h2 { font-size: 1.1875rem; margin-bottom: 1rem; }
h3 { font-size: 1rem; }
h3 code { font-size: 0.9375em; font-weight: 600; }
section { margin-top: 2.75rem; padding-top: 1.5rem; border-top: 1px solid var(--line); }
section > * + h3 { margin-top: 2rem; margin-bottom: 0.75rem; }
p + p, ul + p, ol + p, pre + p { margin-top: 0.5rem; }
.kicker { color: var(--quiet); margin-bottom: 0.75rem; font-size: 0.9375rem; }
.kicker span::before { content: "/ "; }
.verdict { display: flex; gap: 0.75rem; align-items: flex-start; }
.mark { flex: none; width: 1.5rem; height: 1.5rem; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; color: var(--quiet); }
header .verdict { font-size: clamp(1.625rem, 1.2rem + 2vw, 2.25rem); gap: 0.4em; }
header .mark { width: 0.9em; height: 0.9em; margin-top: 0.15em; }
.also { display: flex; gap: 0.75rem; align-items: center; margin-top: 0.75rem; }
header .also .mark { width: 1.25rem; height: 1.25rem; margin: 0 0 0 0.4rem; }
.good { color: var(--good); }
.attention { color: var(--attention); }
.bad { color: var(--bad); }
.quiet { color: var(--quiet); font-weight: 400; font-size: 0.9375rem; }
.verdict + ul, .verdict + p { margin-top: 0.75rem; }
.subtitle { margin-top: 0.5rem; }
.hint { color: var(--quiet); }
ul + .hint { margin-top: 1rem; }
.next { margin-top: 1.25rem; padding: 0.75rem 1rem; background: var(--raised); border-radius: 0.375rem; }
.facts { margin-top: 1.75rem; }
dl > div { display: grid; grid-template-columns: 9rem minmax(0, 1fr); gap: 0 1rem; padding: 0.375rem 0; }
dt { color: var(--quiet); }
dd { min-width: 0; }
ul, ol { padding-left: 1.25rem; }
ul.plain, ol.plain { list-style: none; padding: 0; }
ul.plain > li + li { margin-top: 1rem; }
.migrations > li { padding: 0.75rem 0; border-bottom: 1px solid var(--line); }
.migrations > li:first-child { padding-top: 0; }
.migrations > li:last-child { border-bottom: 0; padding-bottom: 0; }
.entry { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: 0 1.5rem; }
.entry > * { min-width: 0; }
.locks { margin-top: 0.5rem; }
.hazards { margin-top: 0.75rem; }
.hazards > li { padding-left: 1rem; border-left: 2px solid var(--line); }
.hazards p + p { margin-top: 0.125rem; }
.message { font-weight: 500; }
pre { margin-top: 0.75rem; padding: 0.75rem 1rem; background: var(--raised); border-radius: 0.375rem; overflow-x: auto; overflow-wrap: normal; }
summary { cursor: pointer; color: var(--quiet); }
details { margin-top: 1rem; }
details > ul { margin-top: 0.75rem; }
:focus-visible { outline: 2px solid var(--bar); outline-offset: 2px; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 0.5rem 0.75rem 0.5rem 0; text-align: left; vertical-align: top; font-weight: 400; border-bottom: 1px solid var(--line); }
thead th { color: var(--quiet); font-size: 0.875rem; }
th[scope="row"] { overflow-wrap: anywhere; }
th[scope="rowgroup"] { padding-top: 1.25rem; font-weight: 650; }
th:last-child, td:last-child { padding-right: 0; }
.number { text-align: right; white-space: nowrap; }
time span { white-space: nowrap; }
.chart { display: block; overflow: hidden; font-size: 0.8125rem; font-variant-numeric: tabular-nums; }
.chart text { fill: var(--ink); }
.chart .track { fill: var(--raised); }
.chart .bar { fill: var(--bar); }
footer { margin-top: 2.75rem; padding-top: 1.5rem; border-top: 1px solid var(--line); font-size: 0.875rem; color: var(--quiet); }
footer h2 { font-size: 0.875rem; margin-bottom: 0.25rem; }
@media (max-width: 34rem) {
  body { padding: 1.5rem 1rem 3rem; }
  dl > div { grid-template-columns: minmax(0, 1fr); padding: 0.5rem 0; }
  .chart .wide { display: none; }
  th, td { padding-right: 0.5rem; }
}
@media print {
  :root { font-size: 10pt; }
  body { max-width: none; padding: 0; }
  .next, pre { border: 1px solid var(--line); }
  section, footer { margin-top: 1.5rem; padding-top: 1rem; }
  li, tr, svg, pre { break-inside: avoid; }
  h2, h3, .verdict { break-after: avoid; }
  pre { white-space: pre-wrap; }
}
`;
