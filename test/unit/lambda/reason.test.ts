// A report in one sentence that any console takes.
import { expect, test } from "vitest";
import { reasonOf } from "../../../src/lambda/reason.ts";
import { failedReport } from "../../support/report.ts";

function failed(message: string) {
  return failedReport({ code: "CANCELLED", message, hint: "", details: { version: null } });
}

test("cuts no character in two, wherever the end falls", () => {
  for (let limit = 100; limit < 104; limit++) {
    const reason = reasonOf(failed("😀".repeat(100)), limit);
    expect(reason.isWellFormed()).toBe(true);
    expect(reason.length).toBeLessThanOrEqual(limit);
    expect(reason).toMatch(/… \(run [0-9a-f-]{36}\)$/);
  }
});

test("is one line without control characters", () => {
  expect(reasonOf(failed("one\n\ttwo\u0000\u001b[31mthree"))).toMatch(
    /^Failed: one two \[31mthree\. \(run|^Failed: one two \[31mthree\. {1,2}\(run/,
  );
});
