import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { budgetOf, lockTimeoutMs, reserveOf, retryPauseMs } from "../../../src/engine/budget.ts";

const MINUTE = 60_000;
const unlimited = {
  requestedMs: null,
  directedMs: null,
  remainingMs: Number.POSITIVE_INFINITY,
  reserveMs: 10_000,
  now: 1000,
};

describe("reserveOf", () => {
  test.each([
    [15 * MINUTE, 10_000],
    [50_000, 10_000],
    [20_000, 4000],
    [3000, 600],
    [0, 0],
    [Number.POSITIVE_INFINITY, 10_000],
  ])("of an invocation of %d ms keeps %d ms back", (invocationMs, reserveMs) => {
    expect(reserveOf(invocationMs)).toBe(reserveMs);
  });
});

describe("budgetOf", () => {
  test.each([
    ["five minutes when nobody says otherwise", {}, 5 * MINUTE],
    ["the file's", { directedMs: 20 * MINUTE }, 20 * MINUTE],
    ["the request's before the file's", { directedMs: 20 * MINUTE, requestedMs: MINUTE }, MINUTE],
    ["the request's, also when it is longer", { directedMs: MINUTE, requestedMs: 20 * MINUTE }, 20 * MINUTE],
  ])("gives a migration %s", (_what, given, timeoutMs) => {
    expect(budgetOf({ ...unlimited, ...given })).toEqual({ timeoutMs, endsAt: 1000 + timeoutMs, reason: "timeout" });
  });

  test("gives no more than what is left of the invocation less the reserve, and says so", () => {
    expect(budgetOf({ ...unlimited, requestedMs: 5 * MINUTE, remainingMs: MINUTE })).toEqual({
      timeoutMs: 5 * MINUTE,
      endsAt: 51_000,
      reason: "deadline",
    });
  });

  test("blames the time-out when it comes no later than the deadline", () => {
    expect(budgetOf({ ...unlimited, requestedMs: 50_000, remainingMs: MINUTE }).reason).toBe("timeout");
  });

  test("has ended already when only the reserve is left", () => {
    expect(budgetOf({ ...unlimited, remainingMs: 9000 }).endsAt).toBe(0);
  });
});

describe("lockTimeoutMs", () => {
  test("is short at first and never more than two seconds", () => {
    expect([1, 2, 3, 4, 5, 6, 100].map(lockTimeoutMs)).toEqual([500, 500, 1000, 1000, 2000, 2000, 2000]);
  });
});

describe("retryPauseMs", () => {
  test.each([
    [1, 500],
    [2, 1000],
    [5, 8000],
    [6, 15_000],
    [1000, 15_000],
  ])("behind attempt %i is at most %i ms", (attempt, maximum) => {
    expect(retryPauseMs(attempt, 1)).toBe(maximum);
    expect(retryPauseMs(attempt, 0)).toBe(0);
  });

  test("lies anywhere between nothing and its maximum", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
        const pauseMs = retryPauseMs(attempt, random);
        expect(pauseMs).toBeGreaterThanOrEqual(0);
        expect(pauseMs).toBeLessThanOrEqual(15_000);
      }),
    );
  });
});
