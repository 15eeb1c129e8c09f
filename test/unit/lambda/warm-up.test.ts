// That it is over before the first event is a matter of what is built: test/e2e/loaded-code.test.ts.
import { expect, test } from "vitest";
import { warmUp } from "../../../src/lambda/warm-up.ts";

test("warming up is a run with nothing to do, by a driver that proves its password", async () => {
  const lines: object[] = [];
  const report = await warmUp((line) => lines.push(line));
  expect(report).toMatchObject({ ok: true, outcome: "up_to_date", database: { serverVersion: "18.0" }, warnings: [] });
  expect(lines).toMatchObject([{ outcome: "up_to_date" }]);
});
