// What is said of an answer that does not arrive.
import { expect, test } from "vitest";
import { deliver } from "../../../src/lambda/deliver.ts";
import type { Deliverable } from "../../../src/lambda/trigger.ts";

const answer: Deliverable = {
  call: {
    to: "codepipeline",
    operation: "success",
    input: { jobId: "j", executionDetails: { summary: "s", externalExecutionId: "i" } },
  },
  summary: "s",
  byHand: "Give it by hand.",
};

test.each([
  ["ECONNREFUSED", Object.assign(new Error("connect"), { code: "ECONNREFUSED" })],
  ["AccessDeniedException", Object.assign(new Error("no"), { name: "AccessDeniedException", $fault: "client" })],
  ["TypeError", new TypeError("Failed to fetch")],
])("an answer that could not be delivered says why in a word: %s", async (word, error) => {
  const caller = { prepare: () => {}, make: () => Promise.reject(error) };
  await expect(deliver(answer, () => 300, caller)).rejects.toMatchObject({
    message: `the answer could not be delivered to codepipeline (${word})`,
    failure: { hint: "Give it by hand." },
  });
});
