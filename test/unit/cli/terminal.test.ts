import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { waitingLine } from "../../../src/cli/terminal.ts";

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
