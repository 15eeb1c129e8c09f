// Ctrl-C while a run goes on elsewhere, and while nothing runs in a container.
import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { endAsProcessOne, exitOnInterrupt } from "../../../src/cli/interrupt.ts";

/** A process that can be sent signals, and what it did. */
function fakeProcess() {
  const did: unknown[] = [];
  const source = Object.assign(new EventEmitter(), {
    exit: (code: number) => did.push(code),
    stderr: { write: (text: string) => did.push(text) },
  });
  return { source, did };
}

test.each(["SIGINT", "SIGTERM"])("%s says where to look and exits as interrupted, at once", (signal) => {
  const { source, did } = fakeProcess();
  exitOnInterrupt(source as unknown as NodeJS.Process, () => "Look there.");
  source.emit(signal);
  expect(did).toEqual(["\nLook there.\n", 130]);
});

test("after the release a signal is nobody's", () => {
  const { source, did } = fakeProcess();
  exitOnInterrupt(source as unknown as NodeJS.Process, () => "Look there.")();
  expect(source.emit("SIGINT") || source.emit("SIGTERM")).toBe(false);
  expect(did).toEqual([]);
});

test.each([
  { signal: "SIGINT", exitCode: 130 },
  { signal: "SIGTERM", exitCode: 143 },
])("$signal ends process 1 while nothing runs, and leaves it to a run that listens", ({ signal, exitCode }) => {
  const { source, did } = fakeProcess();
  endAsProcessOne(source as unknown as NodeJS.Process);
  const release = exitOnInterrupt(source as unknown as NodeJS.Process, () => "Look there.");
  source.emit(signal);
  expect(did).toEqual(["\nLook there.\n", 130]);
  release();
  source.emit(signal);
  expect(did.at(-1)).toBe(exitCode);
});
