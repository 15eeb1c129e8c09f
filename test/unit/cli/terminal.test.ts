import { describe, expect, test } from "vitest";
import { describeProgress } from "../../../src/cli/terminal.ts";
import type { Progress } from "../../../src/engine/run-context.ts";

const holder = { pid: 42, application: "hj 2b1c1d6e", connectedAt: "2024-06-01T09:00:00.000Z" };

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
  ])("of %j is one line", (progress, text) => {
    expect(describeProgress(progress)).toBe(text);
  });
});
