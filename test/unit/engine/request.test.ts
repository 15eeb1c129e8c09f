import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeContinuation } from "../../../src/engine/continuation.ts";
import { parseRequest } from "../../../src/engine/request.ts";

const COMMAND = "expected one of status, run, rollback, list, validate, adopt, resolve, unlock";
const DRY_RUN = "expected true or false";
const STEPS = "expected a whole number from 1 to 1000";
const TIMEOUT = "expected a duration with a unit, such as 90s, 5m or 1h30m";
const ALLOWED = "expected a list of versions or names of migrations";
const CONTINUATION = "expected the continuation of an incomplete report";
const VERSION = "expected the version of a migration";
const AS = "expected one of applied, rolled_back, checksum";
const PID = "expected the pid of a backend";
const UNKNOWN = "is no field of a request";

const RUN_ID = "3f2a91c0-8c5e-4b53-9d2a-6f0f1e2d3c4b";
const run = { command: "run", runId: RUN_ID, batches: [3] } as const;
const rollback = { command: "rollback", runId: RUN_ID, batches: [3, 2] } as const;

/** Events with nothing but what their command cannot do without, and what they ask for. */
const LEAST: readonly (readonly [event: object, request: object])[] = [
  [{ command: "status" }, { command: "status", dryRun: false }],
  [{ command: "list" }, { command: "list", dryRun: false }],
  [{ command: "validate" }, { command: "validate", dryRun: false }],
  [
    { command: "run" },
    {
      command: "run",
      dryRun: false,
      timeoutMs: null,
      phase: "expand",
      allowOutOfOrder: [],
      continuation: null,
      showQueries: false,
    },
  ],
  [
    { command: "rollback" },
    {
      command: "rollback",
      dryRun: false,
      timeoutMs: null,
      steps: 1,
      allowDataLoss: [],
      continuation: null,
      showQueries: false,
    },
  ],
  ...["applied", "rolled_back", "checksum"].map(
    (as) =>
      [
        { command: "resolve", version: "20240601_001", as },
        { command: "resolve", dryRun: false, version: "20240601_001", as },
      ] as const,
  ),
  [
    { command: "unlock", pid: 42 },
    { command: "unlock", dryRun: false, pid: 42 },
  ],
];

/** Field and message of every problem; empty for a request. */
function problemsOf(event: unknown) {
  const request = parseRequest(event);
  return "problems" in request ? request.problems.map(({ field, message }) => [field, message]) : [];
}

describe("parseRequest", () => {
  test.each(LEAST)("takes %j with nothing else", (event, request) => {
    expect(parseRequest(event)).toEqual(request);
  });

  test.each([
    [{ command: "run", dryRun: true }, { dryRun: true }],
    [{ command: "run", showQueries: true }, { showQueries: true }],
    [{ command: "rollback", showQueries: true }, { showQueries: true }],
    [{ command: "rollback", dryRun: true }, { dryRun: true }],
    [{ command: "run", timeout: "90s" }, { timeoutMs: 90_000 }],
    [{ command: "rollback", timeout: "1h30m" }, { timeoutMs: 5_400_000 }],
    [{ command: "rollback", steps: 1000 }, { steps: 1000 }],
    [{ command: "run", allowOutOfOrder: ["2", "3_device"] }, { allowOutOfOrder: ["2", "3_device"] }],
    [{ command: "run", phase: "contract" }, { phase: "contract" }],
    [
      { command: "run", phase: "all", dryRun: true },
      { phase: "all", dryRun: true },
    ],
    [{ command: "rollback", allowDataLoss: ["a", '"B".c'] }, { allowDataLoss: ["a", '"B".c'] }],
    [{ command: "run", continuation: encodeContinuation(run) }, { continuation: run }],
    [{ command: "rollback", continuation: encodeContinuation(rollback) }, { continuation: rollback }],
    [{ command: "resolve", version: "2", as: "checksum", dryRun: true }, { dryRun: true }],
    [{ command: "unlock", pid: 2 ** 31 - 1 }, { pid: 2 ** 31 - 1 }],
  ])("takes %j", (event, expected) => {
    expect(parseRequest(event)).toMatchObject(expected);
  });

  test.each(LEAST)("takes %j with every other field at its default", (event, request) => {
    const defaults = {
      dryRun: false,
      steps: 1,
      timeout: null,
      allowOutOfOrder: [],
      phase: "expand",
      allowDataLoss: [],
      continuation: null,
      showQueries: false,
      version: null,
      as: null,
      pid: null,
      throwOnFailure: false,
    };
    expect(parseRequest({ ...defaults, ...event })).toEqual(request);
  });

  test.each(LEAST)(
    "takes %j from a caller that only sees exceptions, which is not the engine's to know",
    (event, request) => {
      expect(parseRequest({ ...event, throwOnFailure: true })).toEqual(request);
    },
  );

  test.each([
    [{ command: "status", dryRun: true }, ["dryRun"]],
    [{ command: "list", dryRun: true }, ["dryRun"]],
    [{ command: "validate", dryRun: true }, ["dryRun"]],
    [{ command: "run", steps: 2 }, ["steps"]],
    [{ command: "status", steps: 2 }, ["steps"]],
    [{ command: "validate", timeout: "5m" }, ["timeout"]],
    [{ command: "list", dryRun: true, steps: 3, timeout: "5m" }, ["dryRun", "steps", "timeout"]],
    [{ command: "unlock", pid: 42, dryRun: true }, ["dryRun"]],
    [{ command: "rollback", allowOutOfOrder: ["2"] }, ["allowOutOfOrder"]],
    [{ command: "status", phase: "contract" }, ["phase"]],
    [{ command: "rollback", phase: "all" }, ["phase"]],
    [{ command: "run", allowDataLoss: ["a"] }, ["allowDataLoss"]],
    [{ command: "run", version: "2", as: "applied", pid: 42 }, ["version", "as", "pid"]],
    [{ command: "unlock", pid: 42, version: "2" }, ["version"]],
    [{ command: "resolve", version: "2", as: "applied", pid: 42, timeout: "5m" }, ["timeout", "pid"]],
  ])("refuses what the command does not use in %j", (event, fields) => {
    expect(problemsOf(event)).toEqual(fields.map((field) => [field, `means nothing for ${event.command}`]));
  });

  test.each([undefined, null, "", "RUN", "run ", "run\n", "migrate", "constructor", 1, true, [], ["run"], {}])(
    "refuses the command %j",
    (command) => {
      expect(problemsOf({ command })).toEqual([["command", COMMAND]]);
    },
  );

  test.each([null, "true", 0, 1, [], {}])("refuses the dry run %j, rather than run for real", (dryRun) => {
    expect(problemsOf({ command: "run", dryRun })).toEqual([["dryRun", DRY_RUN]]);
  });

  test.each([null, 0, -1, 1.5, 1001, "2", Number.NaN, Number.POSITIVE_INFINITY, true, [1], {}])(
    "refuses %j steps",
    (steps) => {
      expect(problemsOf({ command: "rollback", steps })).toEqual([["steps", STEPS]]);
    },
  );

  test.each([
    [
      { command: "resolve" },
      [
        ["version", VERSION],
        ["as", AS],
      ],
    ],
    [{ command: "resolve", version: "2" }, [["as", AS]]],
    [{ command: "resolve", version: null, as: "applied" }, [["version", VERSION]]],
    [{ command: "unlock" }, [["pid", PID]]],
  ])("misses what the command cannot do without in %j", (event, problems) => {
    expect(problemsOf(event)).toEqual(problems.map(([field, message]) => [field, `is missing: ${message}`]));
  });

  test.each([null, "2", 2, [2], [null], [""], [["2"]], ["2".repeat(201)], Array.from({ length: 1001 }, String), {}])(
    "refuses %j to be allowed out of order",
    (allowOutOfOrder) => {
      expect(problemsOf({ command: "run", allowOutOfOrder })).toEqual([["allowOutOfOrder", ALLOWED]]);
    },
  );

  test.each([null, "", "Contract", "both", ["contract"], 1, {}])("refuses the phase %j", (phase) => {
    expect(problemsOf({ command: "run", phase })).toEqual([["phase", "expected one of expand, contract, all"]]);
  });

  test("tells once of a list with several names that are none", () => {
    expect(problemsOf({ command: "run", allowOutOfOrder: [1, 2, ""] })).toEqual([["allowOutOfOrder", ALLOWED]]);
  });

  test.each(["", "x", "e30=", RUN_ID, 1, true, [], {}])("refuses the continuation %j", (continuation) => {
    expect(problemsOf({ command: "run", continuation })).toEqual([["continuation", CONTINUATION]]);
  });

  test.each([
    ["run", rollback, "is of a rollback, not of a run"],
    ["rollback", run, "is of a run, not of a rollback"],
  ] as const)("refuses to go on with a %s that was something else", (command, continuation, message) => {
    expect(problemsOf({ command, continuation: encodeContinuation(continuation) })).toEqual([
      ["continuation", message],
    ]);
  });

  test.each(["", "2".repeat(201), 2, true, [], {}])("refuses the version %j", (version) => {
    expect(problemsOf({ command: "resolve", version, as: "applied" })).toEqual([["version", VERSION]]);
  });

  test.each(["", "APPLIED", "failed", "constructor", 1, true, [], {}])("refuses to resolve as %j", (as) => {
    expect(problemsOf({ command: "resolve", version: "2", as })).toEqual([["as", AS]]);
  });

  test.each([0, -1, 1.5, 2 ** 31, "42", "42; select 1", Number.NaN, true, [], {}])("refuses the pid %j", (pid) => {
    expect(problemsOf({ command: "unlock", pid })).toEqual([["pid", PID]]);
  });

  test.each([null, "true", 1])("refuses %j for whether to throw", (throwOnFailure) => {
    expect(problemsOf({ command: "run", throwOnFailure })).toEqual([["throwOnFailure", DRY_RUN]]);
  });

  test("tells of steps beyond every integer once", () => {
    expect(problemsOf({ command: "rollback", steps: 2 ** 53 })).toEqual([["steps", STEPS]]);
  });

  test.each([
    "",
    "5",
    "5 m",
    "0s",
    "25h",
    "-5m",
    "5m; drop table account",
    `${"9".repeat(1_000_000)}m`,
    300,
    true,
    [],
    {},
  ])("refuses the time-out %j", (timeout) => {
    expect(problemsOf({ command: "run", timeout })).toEqual([["timeout", TIMEOUT]]);
  });

  test.each([
    ["undefined", undefined],
    ["null", null],
    ["a number", 42],
    ["not a number", Number.NaN],
    ["a text", "run"],
    ["true", true],
    ["an array", [{ command: "run" }]],
    ["a function", () => "run"],
  ])("refuses %s as an event", (_what, event) => {
    expect(problemsOf(event)).toEqual([[undefined, 'the event is no request: expected { "command": "..." }']]);
  });

  test.each([
    "dry_run",
    "dryrun",
    "Command",
    "sql",
    "database",
    "constructor",
    "toString",
    "hasOwnProperty",
    "prototype",
    "a.b",
  ])("refuses the key %j and names those it knows", (key) => {
    expect(parseRequest({ command: "run", [key]: true })).toEqual({
      problems: [
        {
          code: "INVALID_EVENT",
          field: key,
          message: UNKNOWN,
          hint: "Known fields: command, dryRun, steps, timeout, allowOutOfOrder, phase, allowDataLoss, continuation, showQueries, version, as, pid, throwOnFailure.",
        },
      ],
    });
  });

  test("refuses __proto__ as JSON brings it, and is not taken in by it", () => {
    const event: unknown = JSON.parse('{"command":"status","__proto__":{"dryRun":true}}');
    expect(problemsOf(event)).toEqual([["__proto__", UNKNOWN]]);
    expect(problemsOf(JSON.parse('{"__proto__":{"command":"run"}}'))).toContainEqual(["command", COMMAND]);
  });

  test("names a field without a name", () => {
    expect(problemsOf({ command: "run", "": 1 })).toEqual([["", UNKNOWN]]);
  });

  test("cuts a key that is too long to be repeated", () => {
    expect(problemsOf({ command: "run", ["k".repeat(1_000_000)]: 1 })).toEqual([[`${"k".repeat(60)}…`, UNKNOWN]]);
  });

  test("cuts a key between characters, not within one", () => {
    const [problem] = problemsOf({ command: "run", [`${"k".repeat(59)}🔑🔑`]: 1 });
    expect(problem?.[0]?.isWellFormed()).toBe(true);
  });

  test("tells everything that is wrong at once", () => {
    expect(problemsOf({ command: "x", dryRun: 1, steps: "a", timeout: 5, foo: 1, bar: 2 })).toEqual([
      ["command", COMMAND],
      ["dryRun", DRY_RUN],
      ["steps", STEPS],
      ["timeout", TIMEOUT],
      ["foo", UNKNOWN],
      ["bar", UNKNOWN],
    ]);
  });

  test("repeats nothing of an event but its keys", () => {
    const secret = "gEhEiM";
    const fields = ["command", "dryRun", "steps", "timeout", "continuation", "as", "pid", "throwOnFailure", "foo"];
    const event = Object.fromEntries(fields.map((field) => [field, secret]));
    expect(problemsOf(event).map(([field]) => field)).toEqual(fields);
    expect(JSON.stringify(parseRequest(event))).not.toContain(secret);
  });

  test("gives a request or problems for whatever JSON there is, and never throws", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.jsonValue(), fc.record({ command: fc.constant("run"), dryRun: fc.jsonValue() })),
        (event) => {
          const request = parseRequest(event);
          if ("problems" in request) expect(request.problems.length).toBeGreaterThan(0);
          else expect(request).toMatchObject(event as object);
        },
      ),
    );
  });
});
