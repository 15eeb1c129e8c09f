// What CloudWatch makes metrics of; the line as a whole is read in test/e2e.
import { expect, test } from "vitest";
import { logLine } from "../../../src/lambda/log.ts";
import { baseOf } from "../../support/report.ts";

const told = { trigger: "direct", functionArn: null, lockWaitMs: 0, now: 0, answer: "returned", goesOn: false };

test("the metric Pending counts a migration that was begun, too: an alarm on it is about what is not through", () => {
  const counts = { applied: 1, pending: 2, started: 1, unknown: 0 };
  const report = { ...baseOf({ command: "status", counts }), ok: true, outcome: "pending" } as const;
  expect(logLine(report, told)).toMatchObject({ Pending: 3 });
});
