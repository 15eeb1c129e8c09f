// The token of an incomplete report: what is put in comes out, and nothing else is taken.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeContinuation, encodeContinuation } from "../../../src/engine/continuation.ts";

const RUN_ID = "3f2a91c0-8c5e-4b53-9d2a-6f0f1e2d3c4b";

const continuation = fc.record({
  command: fc.constantFrom("run" as const, "rollback" as const),
  runId: fc.uuid(),
  batches: fc.array(fc.integer({ min: 1, max: 2 ** 31 - 1 }), { maxLength: 1_000 }),
});

function token(value: unknown): string {
  return btoa(JSON.stringify(value));
}

describe("a continuation", () => {
  test("comes back as it was", () => {
    fc.assert(
      fc.property(continuation, (value) => {
        expect(decodeContinuation(encodeContinuation(value))).toEqual(value);
      }),
    );
  });

  test("is plain text that needs no quoting in JSON or a shell", () => {
    fc.assert(
      fc.property(continuation, (value) => {
        expect(encodeContinuation(value)).toMatch(/^[A-Za-z0-9+/]+=*$/);
      }),
    );
  });

  test("that was cut or changed is nothing, or a continuation of the same shape", () => {
    const changed = fc.tuple(continuation, fc.nat(), fc.string({ maxLength: 2 })).map(([value, at, by]) => {
      const text = encodeContinuation(value);
      const place = at % text.length;
      return text.slice(0, place) + by + text.slice(place + 1);
    });
    fc.assert(
      fc.property(changed, (text) => {
        const decoded = decodeContinuation(text);
        if (decoded === null) return;
        expect(["run", "rollback"]).toContain(decoded.command);
        for (const batch of decoded.batches) expect(batch).toBeGreaterThan(0);
      }),
      { numRuns: 2_000 },
    );
  });

  test("that is any text at all is nothing", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.base64String(), fc.json()), (text) => {
        expect(decodeContinuation(text)).toBeNull();
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ["another command", { command: "status", runId: RUN_ID, batches: [1] }],
    ["no run", { command: "run", batches: [1] }],
    ["a run that is no id", { command: "run", runId: "'; drop table hj_user; --", batches: [1] }],
    ["a batch that is no whole number", { command: "run", runId: RUN_ID, batches: [1.5] }],
    ["batch 0", { command: "run", runId: RUN_ID, batches: [0] }],
    ["a batch as text", { command: "run", runId: RUN_ID, batches: ["1) or true --"] }],
    ["more batches than a rollback can have", { command: "rollback", runId: RUN_ID, batches: Array(1_001).fill(1) }],
    ["a field too many", { command: "run", runId: RUN_ID, batches: [1], force: true }],
    ["no object", [1]],
    ["null", null],
  ])("with %s is nothing", (_, value) => {
    expect(decodeContinuation(token(value))).toBeNull();
  });
});
