import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { warmUp } from "../../../src/lambda/warm-up.ts";

test("warming up is a run with nothing to do, and over before anything from outside is heard of", async () => {
  const lines: object[] = [];
  const report = await Promise.race([warmUp((line) => lines.push(line)), setImmediate("too late")]);
  expect(report).toMatchObject({ ok: true, outcome: "up_to_date", database: { serverVersion: "18.0" }, warnings: [] });
  expect(lines).toMatchObject([{ outcome: "up_to_date" }]);
});
