// Figures with their noise.
import { expect, test } from "vitest";
import { ratioOf, spreadOf } from "../../../bench/side-by-side/statistics.ts";

const timed = (...times: number[]) => times.map((wallMs, round) => ({ round, wallMs }));

test("the median of an even number of samples lies between the two in the middle, in whatever order they come", () => {
  expect(spreadOf([9, 1, 3, 5])).toEqual({ min: 1, median: 4, max: 9 });
  expect(spreadOf([2])).toEqual({ min: 2, median: 2, max: 2 });
});

test("no samples have no figures", () => {
  expect(spreadOf([])).toBeNull();
  expect(ratioOf([], timed(1))).toBeNull();
});

test("a round that slowed both is no difference between them", () => {
  const quiet = timed(10, 10, 100);
  expect(ratioOf(timed(20, 20, 200), quiet)).toEqual({ min: 2, median: 2, max: 2 });
});

test("a ratio tells its noise: what one round slowed for one of them alone", () => {
  expect(ratioOf(timed(20, 50, 15), timed(10, 10, 10))).toEqual({ min: 1.5, median: 2, max: 5 });
});

test("a round that the other has not run is left out", () => {
  expect(ratioOf(timed(20, 40), timed(10))).toEqual({ min: 2, median: 2, max: 2 });
});
