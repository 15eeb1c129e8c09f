// That there is an answer in time, whatever the work is stuck in.
import { expect, test } from "vitest";
import { watch } from "../../../src/lambda/watchdog.ts";

function invocation(timeoutMs: number) {
  const endsAt = performance.now() + timeoutMs;
  return { remainingMs: () => endsAt - performance.now(), signal: new AbortController().signal };
}

test("work that does not end is told to stop, and answered for while there is time to answer", async () => {
  const given = invocation(800);
  const stuck = Promise.withResolvers<string>();
  let signal: AbortSignal | null = null;
  const work = (until: AbortSignal) => {
    signal = until;
    return stuck.promise;
  };
  expect(await watch(work, given, () => "overdue")).toBe("overdue");
  expect(given.remainingMs()).toBeGreaterThan(50);
  expect(signal).toMatchObject({ aborted: true });
  stuck.reject(new Error("heard by nobody"));
});

test("work that ends in time is not told to stop, and nothing is left running", async () => {
  let signal: AbortSignal | null = null;
  const work = async (until: AbortSignal) => {
    signal = until;
    return "done";
  };
  expect(await watch(work, invocation(60_000), () => "overdue")).toBe("done");
  expect(signal).toMatchObject({ aborted: false });
});

test("work that nobody ends from outside may take as long as it likes", async () => {
  const given = { remainingMs: () => Number.POSITIVE_INFINITY, signal: new AbortController().signal };
  expect(
    await watch(
      async (signal) => signal,
      given,
      () => null,
    ),
  ).toBe(given.signal);
});
