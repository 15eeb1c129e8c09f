// Events that are no requests, by the thousand: each is refused, for everything that is wrong with it.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRequest } from "../../../src/engine/request.ts";
import type { Problem } from "../../../src/failure/problem.ts";
import { wrongEvent } from "../../support/events.ts";

function problemsOf(event: unknown): readonly Problem[] {
  const parsed = parseRequest(event);
  if (!("problems" in parsed)) throw new Error(`taken for a request: ${JSON.stringify(parsed)}`);
  return parsed.problems;
}

function fieldsOf(event: unknown): readonly (string | undefined)[] {
  return problemsOf(event).map(({ field }) => field);
}

describe("any event that is no request", () => {
  test("is refused, and every field that is wrong is named", () => {
    fc.assert(
      fc.property(wrongEvent, ({ event, wrong }) => {
        const fields = fieldsOf(event);
        expect(fields.length).toBeGreaterThan(0);
        if (wrong === null) return;
        // What a field too many is called is shown to 60 characters.
        const shown = fields.map((field) => field?.replace(/…$/, ""));
        const silent = wrong.filter(
          (name) =>
            !shown.some(
              (field) => field !== undefined && (field === name || (field.length >= 60 && name.startsWith(field))),
            ),
        );
        expect(silent).toEqual([]);
      }),
      { numRuns: 5_000 },
    );
  });

  test("is refused for nothing that is right, and never twice for the same", () => {
    fc.assert(
      fc.property(wrongEvent, ({ event, wrong }) => {
        const fields = fieldsOf(event);
        expect(new Set(fields).size).toBe(fields.length);
        if (wrong !== null && !wrong.includes("command")) expect(fields).not.toContain("command");
      }),
      { numRuns: 1_000 },
    );
  });

  test("is refused in sentences that repeat nothing of it but the names of its fields", () => {
    fc.assert(
      fc.property(fc.constantFrom("command", "timeout", "as", "version", "other"), fc.uuid(), (field, secret) => {
        expect(JSON.stringify(problemsOf({ command: "run", dryrun: secret, [field]: { secret } }))).not.toContain(
          secret,
        );
      }),
    );
  });
});

describe("an event with faults of several kinds", () => {
  test.each([
    { event: { command: "run", dryrun: true, steps: 7 }, wrong: ["dryrun", "steps"] },
    { event: { command: "resolve", dryrun: true }, wrong: ["dryrun", "version", "as"] },
    { event: { command: "unlock", force: true, timeout: "5m" }, wrong: ["force", "timeout", "pid"] },
    { event: { command: "status", timeout: "soon", pid: 1 }, wrong: ["timeout", "pid"] },
  ])("is refused for all of them at once: $event", ({ event, wrong }) => {
    expect(fieldsOf(event).toSorted()).toEqual(wrong.toSorted());
  });
});
