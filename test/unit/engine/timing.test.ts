import { describe, expect, test } from "vitest";
import { durationMsOf, finishedAtOf, NOT_FINISHED, timingOf } from "../../../src/engine/timing.ts";

describe("timingOf", () => {
  test.each([
    ["2024-06-01 09:00:00+00", "2024-06-01 09:00:00+00", "2024-06-01T09:00:00.000Z", 0],
    ["2024-06-01 08:59:59.889999+00", "2024-06-01 09:00:00.123999+00", "2024-06-01T09:00:00.123Z", 234],
    ["2024-02-28 23:59:59.9+00", "2024-02-29 00:00:00.1+00", "2024-02-29T00:00:00.100Z", 200],
    ["2024-06-01 09:00:00.0005+00", "2024-06-01 09:00:00.001+00", "2024-06-01T09:00:00.001Z", 1],
  ])("is read as the server prints instants: from %s to %s", (started_at, finished_at, finishedAt, durationMs) => {
    const timing = timingOf({ started_at, finished_at });
    expect([finishedAtOf(timing), durationMsOf(timing)]).toEqual([finishedAt, durationMs]);
  });

  test("has no end and took no time that is known while it is not finished", () => {
    const timing = timingOf({ started_at: "2024-06-01 09:00:00+00", finished_at: null });
    expect([finishedAtOf(timing), durationMsOf(timing)]).toEqual([null, null]);
    expect(timingOf({})).toEqual(NOT_FINISHED);
  });
});
