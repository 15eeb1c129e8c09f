// The figures of a load: what counts as waiting, and which transactions count.
import { expect, test } from "vitest";
import { waitFigures } from "../support/wait-figures.ts";

const SPAN = { from: 1_000, until: 3_000 };
const quick = (at: number) => ({ dueAt: at, begunAt: at, endedAt: at + 5 });

test("the backlog of a session that waited counts as felt, and not as the wait of one transaction", () => {
  const behind = [
    { dueAt: 1_000, begunAt: 1_000, endedAt: 2_500 },
    { dueAt: 1_100, begunAt: 2_500, endedAt: 2_600 },
  ];
  const figures = waitFigures([...behind, quick(2_900)], SPAN);
  expect(figures).toEqual({
    transactions: 3,
    longestMs: 1_500,
    longestFeltMs: 1_500,
    p99FeltMs: 1_500,
    feltOverSecond: 2,
    perSecond: 1.5,
  });
});

test("the 99th percentile is the value that one in a hundred exceeds", () => {
  const transactions = Array.from({ length: 200 }, (_, index) => ({
    dueAt: 1_000,
    begunAt: 1_000,
    endedAt: 1_001 + index,
  }));
  expect(waitFigures(transactions, SPAN).p99FeltMs).toBe(198);
});

test("only what was due or under way in the span counts, and what ended after it is no throughput", () => {
  const across = { dueAt: 900, begunAt: 900, endedAt: 3_400 };
  const figures = waitFigures([quick(900), across, quick(3_001)], SPAN);
  expect(figures).toMatchObject({ transactions: 1, longestMs: 2_500, perSecond: 0 });
});

test("a span without transactions has figures of zero", () => {
  expect(waitFigures([], SPAN)).toMatchObject({ transactions: 0, longestMs: 0, longestFeltMs: 0, p99FeltMs: 0 });
});
