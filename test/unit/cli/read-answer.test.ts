// What a function returned: a report, an exception, or neither.
import { describe, expect, test } from "vitest";
import { isReport } from "../../../src/cli/continue-run.ts";
import { readAnswer, readReport } from "../../../src/cli/read-answer.ts";
import type { Report } from "../../../src/engine/report-schema.ts";
import { baseOf, failedReport, migrationReport } from "../../support/report.ts";

const target = { name: "hook", qualifier: null };
const LOOK = "hj migrations status --function hook";

function read(value: unknown) {
  return readReport(readAnswer(JSON.stringify(value), undefined, target), target);
}

function withError(errorType: string, errorMessage: string) {
  return readAnswer(JSON.stringify({ errorType, errorMessage, trace: [] }), "Unhandled", target).noReport;
}

const failure = { code: "CANCELLED", message: "m", hint: "h", details: { version: null } } as const;
const migrations = [migrationReport("1_1_a", "applied")];
const REPORTS: readonly Report[] = [
  { ...baseOf({ migrations }), ok: true, outcome: "applied" },
  {
    ...baseOf({ database: null, command: null }),
    ok: false,
    outcome: "refused",
    problems: [{ code: "X", message: "m" }],
  },
  { ...baseOf(), ok: false, outcome: "incomplete", continuation: "1" },
  { ...baseOf(), ok: true, outcome: "resolved", resolution: "r" },
  {
    ...baseOf(),
    ok: true,
    outcome: "unlocked",
    holder: { pid: 1, application: null, connectedAt: null, state: null, stateSince: null, build: null },
  },
  failedReport(failure, { migrations }),
];

describe("a report", () => {
  test.each(REPORTS)("is passed on as it came: $outcome", (report) => {
    expect(read(report)).toEqual(report);
  });

  test("of a newer function may have more fields, codes, statuses and outcomes", () => {
    const newer = {
      ...baseOf(),
      ok: true,
      outcome: "polished",
      command: "polish",
      shine: { level: 9 },
      migrations: [{ version: "1", name: "a", status: "gleaming", colour: "gold" }],
      warnings: [{ code: "TOO_BRIGHT", message: "m", lumen: 1 }],
    };
    expect(read(newer)).toEqual(newer);
  });

  test("of another version is not read as if it were this one", () => {
    const answer = read({ ...REPORTS[0], reportVersion: 2 });
    expect(answer).toMatchObject({ message: expect.stringContaining("version 2"), exitCode: 1 });
  });

  test.each(Object.keys(baseOf()))("without %s is none", (key) => {
    const { [key]: _left, ...rest } = { ...REPORTS[0] } as Record<string, unknown>;
    expect(isReport(read(rest))).toBe(false);
  });

  test.each(["problems", "continuation", "resolution", "holder", "failure"])("that lacks its %s is none", (key) => {
    const whole = REPORTS.find((report) => key in report);
    const { [key]: _left, ...rest } = { ...whole } as Record<string, unknown>;
    expect(isReport(read(rest))).toBe(false);
  });

  test.each([null, [], "ok", 42, {}, { ok: true }, { hookStatus: "SUCCEEDED" }])("is not %j", (value) => {
    expect(read(value)).toMatchObject({ message: "hook answered with something that is no report", exitCode: 1 });
  });
});

describe("an answer that is not the handler's", () => {
  test("tells a time-out as a run that was cut or goes on", () => {
    const told = withError("Sandbox.Timedout", "RequestId: 1 Error: Task timed out after 30.00 seconds");
    expect(told?.message).toContain("at its time-out");
    expect(told?.message).toContain("30.00 seconds");
    expect(told?.hint).toContain(LOOK);
  });

  test("knows the older shape of a time-out, which has no type", () => {
    const payload = '{"errorMessage":"2026-01-01T00:00:00.000Z 1 Task timed out after 3.00 seconds"}';
    expect(readAnswer(payload, "Unhandled", target).noReport?.message).toContain("at its time-out");
  });

  test.each(["Runtime.ExitError", "TypeError", ""])("tells a crash (%j) as a run that may go on", (type) => {
    const told = withError(type, "exited");
    expect(told?.message).toContain("hook crashed");
    expect(told?.hint).toContain(LOOK);
  });

  test("tells a package that cannot be loaded as nothing run", () => {
    const told = withError("Runtime.ImportModuleError", "Cannot find module 'index'");
    expect(told?.message).toContain("could not start");
    expect(told?.hint).toContain("Nothing was run.");
  });

  test("tells an exception that was asked for with its reason", () => {
    expect(withError("RunNotOk", "refused: steps is too big (run 1)")?.message).toContain("refused: steps is too big");
  });

  test.each(["", "<html>", "{", "undefined"])("is no JSON: %j", (payload) => {
    const answer = readAnswer(payload, undefined, target);
    expect(answer).toMatchObject({ text: payload, value: undefined, noReport: { exitCode: 1 } });
    expect(answer.noReport?.hint).toContain(LOOK);
  });

  test.each(["<html>", "null", "[]", '{"errorType":1}'])("survives an error whose payload is %j", (payload) => {
    expect(readAnswer(payload, "Unhandled", target).noReport).toMatchObject({ exitCode: 1 });
  });
});

test("of an error in several lines the first is told, and the rest is the log's", () => {
  const text = "Error: Cannot find module 'index'\nRequire stack:\n- /var/runtime/index.mjs";
  expect(withError("Runtime.ImportModuleError", text)?.message).toBe(
    "hook could not start: Runtime.ImportModuleError: Error: Cannot find module 'index'",
  );
});
