// How an answer is brought to an API that fails, refuses or hangs, in the time that is left.
import { once } from "node:events";
import { expect, test } from "vitest";
import { deliver } from "../../../src/lambda/deliver.ts";
import type { Call, Deliverable } from "../../../src/lambda/trigger.ts";

const HOOK: Call = {
  to: "codedeploy",
  input: { deploymentId: "d-1", lifecycleEventHookExecutionId: "e", status: "Failed" },
};
const ITSELF: Call = { to: "itself", functionArn: "arn", event: {} };
const FINAL: Deliverable = { call: HOOK, summary: "Failed: because", byHand: "tell it by hand" };
const ONWARD: Deliverable = { call: ITSELF, summary: "goes on", byHand: "again", goesOn: true, otherwise: FINAL };

function fault(name: string, $fault: "client" | "server"): Error {
  return Object.assign(new Error(name), { name, $fault });
}

/** An API that meets each call with the next of these, and then takes it. */
function api(...faults: readonly (Error | "hang")[]) {
  const left = [...faults];
  const calls: Call["to"][] = [];
  const make = async (call: Call, signal: AbortSignal) => {
    calls.push(call.to);
    const next = left.shift();
    if (next === "hang") await once(signal, "abort").then(() => Promise.reject(signal.reason));
    if (next instanceof Error) throw next;
  };
  return { calls, caller: { make, prepare: () => {} } };
}

function within(timeoutMs: number): () => number {
  const endsAt = performance.now() + timeoutMs;
  return () => endsAt - performance.now();
}

test.each([
  ["a fault of the service", fault("InternalServiceError", "server")],
  ["being asked too often", fault("ThrottlingException", "client")],
  ["a lost connection", new TypeError("fetch failed")],
])("is brought again after %s", async (_what, error) => {
  const { calls, caller } = api(error);
  const delivered = await deliver(FINAL, within(10_000), caller);
  expect(delivered).toEqual({ told: "delivered: Failed: because", summary: "Failed: because", goesOn: false });
  expect(calls).toEqual(["codedeploy", "codedeploy"]);
});

test("is brought once to who refuses it, and the error says what to do by hand", async () => {
  const { calls, caller } = api(fault("AccessDeniedException", "client"));
  const startedAt = performance.now();
  await expect(deliver(FINAL, within(10_000), caller)).rejects.toMatchObject({
    failure: {
      code: "ANSWER_LOST",
      message: expect.stringContaining("AccessDeniedException"),
      hint: "tell it by hand",
    },
  });
  expect(calls).toHaveLength(1);
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});

test.each(["LifecycleEventAlreadyCompletedException", "InvalidJobStateException"])(
  "has arrived already where the service says %s",
  async (name) => {
    const { calls, caller } = api(fault(name, "client"));
    expect(await deliver(FINAL, within(10_000), caller)).toMatchObject({ told: "already: Failed: because" });
    expect(calls).toHaveLength(1);
  },
);

test("is given up before the invocation ends", async () => {
  const remainingMs = within(1_000);
  const { caller } = api("hang", "hang", "hang");
  await expect(deliver(FINAL, remainingMs, caller)).rejects.toMatchObject({ failure: { code: "ANSWER_LOST" } });
  expect(remainingMs()).toBeGreaterThan(0);
});

test("is brought again after a call that hangs, while there is time", { timeout: 15_000 }, async () => {
  const { calls, caller } = api("hang");
  expect(await deliver(FINAL, within(12_000), caller)).toMatchObject({ told: "delivered: Failed: because" });
  expect(calls).toHaveLength(2);
});

test("goes on when the next invocation is called, and says nothing else to anybody", async () => {
  const { calls, caller } = api();
  const startedAt = performance.now();
  expect(await deliver(ONWARD, within(10_000), caller)).toEqual({
    told: "delivered: goes on",
    summary: "goes on",
    goesOn: true,
  });
  expect(calls).toEqual(["itself"]);
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});

test.each<[string, readonly (Error | "hang")[]]>([
  ["refused", [fault("AccessDeniedException", "client")]],
  ["in vain", ["hang"]],
])("is the other one when the next invocation is called and that is %s", async (_what, faults) => {
  const { calls, caller } = api(...faults);
  const remainingMs = within(1_500);
  expect(await deliver(ONWARD, remainingMs, caller)).toMatchObject({
    told: expect.stringMatching(/^delivered: Failed: because; the answer could not be delivered to itself \(/),
    goesOn: false,
  });
  expect(calls).toEqual(["itself", "codedeploy"]);
  expect(remainingMs()).toBeGreaterThan(500);
});

test.each([
  ["ECONNREFUSED", Object.assign(new Error("connect"), { code: "ECONNREFUSED" })],
  ["AccessDeniedException", fault("AccessDeniedException", "client")],
  ["TypeError", new TypeError("Failed to fetch")],
])("says why it did not arrive in a word: %s", async (word, error) => {
  const caller = { prepare: () => {}, make: () => Promise.reject(error) };
  await expect(deliver(FINAL, within(300), caller)).rejects.toMatchObject({
    message: `the answer could not be delivered to codedeploy (${word})`,
    failure: { hint: FINAL.byHand },
  });
});
