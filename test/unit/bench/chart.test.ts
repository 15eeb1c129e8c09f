// The chart of a measurement.
import { expect, test } from "vitest";
import { chart } from "../../../bench/side-by-side/chart.ts";
import { CONTESTANTS } from "../../../bench/side-by-side/contestants.ts";
import { panelsOf } from "../../../bench/side-by-side/panels.ts";
import { cellsOf, type Sample } from "../../../bench/side-by-side/summary.ts";

const SAMPLES = CONTESTANTS.flatMap(({ name, call }, index): Sample[] =>
  [0, 1].map((round) => ({
    tool: name,
    form: call("up") === null ? "process" : "call",
    latencyMs: 0,
    round,
    wallMs: 10 * (index + 1) + round,
    cpuMs: null,
    peakMb: null,
  })),
);
const PANELS = panelsOf("5 < 6 & more", cellsOf(SAMPLES, CONTESTANTS));
const SVG = chart("A title", "A line below", PANELS);

test("every tool is in it, with its median, and those beside the floor with their ratio", () => {
  for (const { name } of CONTESTANTS) expect(SVG).toContain(`>${name}`);
  expect(SVG).toContain(">11 ms<");
  expect(SVG).toMatch(/>21 ms, ×1\.9\d</);
});

test("what has no call is shown as a process, without a ratio to calls", () => {
  expect(SVG).toContain(">dbmate (process)<");
  expect(PANELS[0]?.bars.at(-1)).toMatchObject({ tool: "dbmate", note: "process", ofFloor: null });
});

test("bars end at their median, and whiskers go from the fastest run to the slowest", () => {
  const [panel] = panelsOf("One", cellsOf(SAMPLES.slice(0, 4), CONTESTANTS));
  const svg = chart("", "", panel === undefined ? [] : [panel]);
  // The slowest of all, 21 ms, is at the end of the scale.
  expect(svg).toMatch(/<rect class="floor" x="152" y="\d+" width="95"/);
  expect(svg).toMatch(/<rect class="ours" x="152" y="\d+" width="185\.5"/);
  expect(svg).toContain('<path class="whisker" d="M333 74H342M333 71v6M342 71v6"/>');
});

test("it is one well-formed picture that needs nothing from elsewhere and knows the dark", () => {
  expect(SVG).toContain("5 &lt; 6 &amp; more");
  expect(SVG).not.toMatch(/NaN|undefined|Infinity/);
  expect(SVG).not.toMatch(/href|url\(|@import/);
  expect(SVG.match(/https?:[^"]+/g)).toEqual(["http://www.w3.org/2000/svg"]);
  expect(SVG).toContain("prefers-color-scheme: dark");
  expect(SVG.match(/<g /g)).toHaveLength(SVG.match(/<\/g>/g)?.length ?? -1);
});

test("what was not measured says so", () => {
  const bar = { tool: "hj", kind: "ours", wallMs: null, ofFloor: null } as const;
  expect(chart("", "", [{ title: "One", subtitle: "", bars: [bar] }])).toContain(">not measured<");
});
