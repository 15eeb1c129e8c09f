// What of a measurement is asked for.
import { expect, test } from "vitest";
import { readOptions, USAGE } from "../../../bench/side-by-side/options.ts";
import { SCENARIOS } from "../../../bench/side-by-side/scenarios.ts";

const THOUSAND = SCENARIOS.find(({ name }) => name === "1000") as (typeof SCENARIOS)[number];

test("without arguments all of it runs, as often as each scenario says", () => {
  const { scenarios, contestants, roundsOf, isWhole } = readOptions([]);
  expect(scenarios).toEqual(SCENARIOS);
  expect(contestants.map(({ name }) => name)).toEqual([
    "floor",
    "hj",
    "node-pg-migrate",
    "knex",
    "drizzle",
    "graphile-migrate",
    "dbmate",
  ]);
  expect(roundsOf(THOUSAND, "call", 0)).toBe(THOUSAND.rounds.call[0]);
  expect(isWhole).toBe(true);
});

test("a part is run in the order of the whole, and the floor and hj always", () => {
  const { scenarios, contestants, latencies, isWhole } = readOptions(
    "--scenario 200,nothing --tools knex --latency 2".split(" "),
  );
  expect(scenarios.map(({ name }) => name)).toEqual(["nothing", "200"]);
  expect(contestants.map(({ name }) => name)).toEqual(["floor", "hj", "knex"]);
  expect(latencies).toEqual([2]);
  expect(isWhole).toBe(false);
});

test("--rounds is for every combination but those that are left out", () => {
  const { roundsOf } = readOptions(["--rounds", "7"]);
  expect(roundsOf(THOUSAND, "call", 2)).toBe(7);
  expect(roundsOf(THOUSAND, "process", 2)).toBe(0);
});

test("--quick is calls of small scenarios, and --rounds and --form count all the same", () => {
  const { scenarios, roundsOf } = readOptions(["--quick"]);
  expect(scenarios.map(({ name }) => name)).toEqual(["nothing", "1", "50", "200"]);
  expect([roundsOf(THOUSAND, "call", 0), roundsOf(THOUSAND, "process", 0)]).toEqual([2, 0]);
  const more = readOptions(["--quick", "--rounds", "3", "--form", "process"]);
  expect([more.roundsOf(THOUSAND, "call", 0), more.roundsOf(THOUSAND, "process", 0)]).toEqual([0, 3]);
});

test.each([
  [["--scenario", "201"], 'there is no scenario "201"'],
  [["--tools", "flyway"], 'there is no tool "flyway"'],
  [["--latency", "5"], 'there is no latency "5"'],
  [["--rounds", "0"], "--rounds 0: a number from 1 to 999"],
  [["--fast"], "--fast"],
])("%s is a mistake that is named", (args, message) => {
  expect(() => readOptions(args)).toThrow(message);
  expect(USAGE).toContain("--scenario");
});
