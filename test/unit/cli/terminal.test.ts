import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { describeProgress, waitingLine } from "../../../src/cli/terminal.ts";
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

describe("waitingLine", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  /** A stream as wide as a terminal, or none, and what was written to it. */
  function streamOf(isTTY: boolean) {
    const stream = Object.assign(new PassThrough(), { isTTY, columns: 40 }) as unknown as NodeJS.WriteStream;
    return { stream, written: () => text(stream.end() as unknown as NodeJS.ReadableStream) };
  }

  test("overwrites itself each second on a terminal, and is gone when cleared", async () => {
    vi.useFakeTimers();
    const { stream, written } = streamOf(true);
    const line = waitingLine(stream);
    line.say("Waiting for hook");
    vi.advanceTimersByTime(2_000);
    line.clear();
    vi.advanceTimersByTime(60_000);
    const shown = ["Waiting for hook ...", "Waiting for hook ... 1s", "Waiting for hook ... 2s", ""];
    expect(await written()).toBe(shown.map((part) => `\r\u001b[K${part}`).join(""));
  });

  test("counts anew for something else, and never wraps", async () => {
    vi.useFakeTimers();
    const { stream, written } = streamOf(true);
    const line = waitingLine(stream);
    line.say("Waiting for a");
    vi.advanceTimersByTime(5_000);
    line.say("b".repeat(50));
    vi.advanceTimersByTime(1_000);
    line.clear();
    expect((await written()).split("\r\u001b[K").at(-2)).toBe("b".repeat(39));
  });

  test("is one line at the start elsewhere, however often and long it waits", async () => {
    vi.useFakeTimers();
    const { stream, written } = streamOf(false);
    const line = waitingLine(stream);
    for (const what of ["hook", "hook", "its start", "hook"]) {
      line.say(`Waiting for ${what}`);
      vi.advanceTimersByTime(60_000);
      line.clear();
    }
    expect(await written()).toBe("Waiting for hook ...\nWaiting for its start ...\n");
  });
});
