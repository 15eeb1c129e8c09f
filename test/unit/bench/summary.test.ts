// From samples to what is printed of them.
import { expect, test } from "vitest";
import { CONTESTANTS } from "../../../bench/side-by-side/contestants.ts";
import { SCENARIOS } from "../../../bench/side-by-side/scenarios.ts";
import { cellsOf, type Sample } from "../../../bench/side-by-side/summary.ts";
import { duration, scenarioTables } from "../../../bench/side-by-side/table.ts";

function samplesOf(form: Sample["form"], times: Readonly<Record<string, readonly number[]>>, latencyMs = 0): Sample[] {
  return Object.entries(times).flatMap(([tool, list]) =>
    list.map((wallMs, round) => ({ tool, form, latencyMs, round, wallMs, cpuMs: wallMs / 2, peakMb: 50 + round })),
  );
}

const CALLS = samplesOf("call", { floor: [10, 20], hj: [12, 20], knex: [40, 60], drizzle: [30, 50] });

test("the fastest peer is the one with the smallest median, never the floor and never this tool", () => {
  const [cell] = cellsOf(CALLS, CONTESTANTS);
  expect(cell).toMatchObject({ form: "call", latencyMs: 0, rounds: 2, fastestPeer: "drizzle" });
  expect(cell?.rows.map(({ tool }) => tool)).toEqual(["floor", "hj", "knex", "drizzle"]);
  expect(cell?.rows[1]).toEqual({
    tool: "hj",
    kind: "ours",
    wallMs: { min: 12, median: 16, max: 20 },
    ofFloor: { min: 1, median: 1.1, max: 1.2 },
    ofFastestPeer: { min: 0.4, median: 0.4, max: 0.4 },
    cpuMs: 8,
    peakMb: 51,
  });
});

test("each form and latency is a cell of its own, in which a tool that does not have the form has no time", () => {
  const samples = [...CALLS, ...samplesOf("call", { floor: [30] }, 2), ...samplesOf("process", { dbmate: [70] })];
  const cells = cellsOf(samples, CONTESTANTS);
  expect(cells.map(({ form, latencyMs, rounds }) => [form, latencyMs, rounds])).toEqual([
    ["call", 0, 2],
    ["call", 2, 1],
    ["process", 0, 1],
  ]);
  expect(cells[0]?.rows.at(-1)).toMatchObject({ tool: "dbmate", wallMs: null, ofFloor: null, peakMb: null });
  expect(cells[2]).toMatchObject({ fastestPeer: "dbmate" });
});

test("a ratio is printed with its noise, and a single round without any", () => {
  const scenario = { title: "A thing", rounds: { call: { 0: 2, 2: 2 }, process: { 0: 1, 2: 0 } } };
  const tables = scenarioTables(scenario, [], cellsOf(CALLS, CONTESTANTS));
  expect(tables).toContain("**in process, 0 ms added one way, 2 rounds**");
  expect(tables).toMatch(/\| hj +\| 12 ms \| +16 ms \| 20 ms \| 1\.10 \(1\.00 to 1\.20\) \| +0\.40 \|/);
  expect(tables).toContain("× fastest peer (drizzle)");
});

test("what was left out is said below the tables", () => {
  const thousand = SCENARIOS.find(({ name }) => name === "1000");
  if (thousand === undefined) throw new TypeError("no such scenario");
  expect(scenarioTables(thousand, [], [])).toContain("Left out, because it takes long: whole process at 2 ms.");
});

test.each([
  [8.44, "8.4 ms"],
  [9.96, "10 ms"],
  [83.7, "84 ms"],
  [999.6, "1.00 s"],
  [12_340, "12.3 s"],
  [123_400, "123 s"],
])("%d ms is told as %s", (ms, told) => {
  expect(duration(ms)).toBe(told);
});
