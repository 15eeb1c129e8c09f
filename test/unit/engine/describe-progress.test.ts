import { describe, expect, test } from "vitest";
import { describeProgress } from "../../../src/engine/describe-progress.ts";
import { describeBlocker } from "../../../src/engine/describe-sight.ts";
import type { Progress } from "../../../src/engine/run-context.ts";

const holder = {
  pid: 42,
  application: "hj 2b1c1d6e",
  connectedAt: "2024-06-01T09:00:00.000Z",
  state: null,
  stateSince: null,
  build: null,
};

const blocker = {
  pid: 7,
  application: "web",
  state: "idle in transaction",
  since: "2024-06-01T08:59:00.000Z",
  mode: "AccessShareLock",
  relation: "hj_user",
  isBlocked: false,
  preventsWraparound: false,
};

describe("describeProgress", () => {
  test.each<[Progress, string]>([
    [{ kind: "lock_busy", holder, waitedMs: 1234 }, "waiting 1.2s for pid 42 (hj 2b1c1d6e) ..."],
    [
      { kind: "lock_busy", holder: { ...holder, application: null }, waitedMs: 0 },
      "waiting 0ms for pid 42 (unnamed) ...",
    ],
    [{ kind: "lock_busy", holder: null, waitedMs: 61_000 }, "waiting 1m 1s for another run ..."],
    [{ kind: "migration_started", version: "20240601_001", name: "a" }, "20240601_001_a ..."],
    [
      { kind: "migration_waits", version: "20240601_001", attempts: 1 },
      "20240601_001: a lock is not free, attempt 2 follows ...",
    ],
    [{ kind: "statement_started", version: "20240601_001", number: 2, of: 3 }, "20240601_001: statement 2 of 3 ..."],
    [
      { kind: "database_wait", host: "db.example.com", reason: "it is a standby", waitedMs: 2_000 },
      "waiting 2s for db.example.com: it is a standby ...",
    ],
    [
      {
        kind: "lock_busy",
        holder: {
          ...holder,
          state: "active",
          stateSince: "2024-06-01T09:01:00.000Z",
          build: { phase: "building index: scanning table", percent: 43 },
        },
        waitedMs: 5_000,
      },
      "waiting 5s for pid 42 (hj 2b1c1d6e), active since 2024-06-01T09:01:00.000Z, building index: scanning table, 43 % ...",
    ],
    [
      { kind: "seen", version: "20240601_001", blockers: [blocker], build: null },
      "20240601_001: waits for pid 7 (web), idle in transaction since 2024-06-01T08:59:00.000Z, AccessShareLock on hj_user ...",
    ],
    [
      {
        kind: "seen",
        version: "20240601_001",
        blockers: [],
        build: { phase: "waiting for old snapshots", percent: null },
      },
      "20240601_001: waiting for old snapshots ...",
    ],
  ])("of %j is one line", (progress, text) => {
    expect(describeProgress(progress)).toBe(text);
  });
});

describe("describeBlocker", () => {
  test("says no more than the role may see", () => {
    const unseen = { ...blocker, application: null, state: null, since: null, mode: null, relation: null };
    expect(describeBlocker(unseen)).toBe("pid 7 (unnamed)");
  });

  test("says that somebody else has to end first, and what no patience helps against", () => {
    expect(describeBlocker({ ...blocker, isBlocked: true })).toMatch(/, itself blocked$/);
    expect(describeBlocker({ ...blocker, preventsWraparound: true })).toMatch(/it prevents wraparound$/);
  });
});
