import { describe, expect, test } from "vitest";
import { exitCodeOf } from "../../../src/cli/exit-code.ts";
import type { Report } from "../../../src/engine/report-schema.ts";
import type { POLICY } from "../../../src/failure/policy.ts";
import { baseOf } from "../../support/report.ts";

type Code = keyof typeof POLICY;

/** What the shell is told about each code; a new one does not compile before it is decided here. */
const EXPECTED: Readonly<Record<Code, 1 | 2>> = {
  INVALID_ARGUMENT: 2,
  INVALID_EVENT: 2,
  INVALID_SETTING: 2,
  INVALID_MIGRATION: 2,
  NOT_AVAILABLE: 2,
  CHECKSUM_CHANGED: 1,
  MIGRATION_MISSING: 1,
  OUT_OF_ORDER: 1,
  MIGRATION_WAITS: 1,
  ROLLBACK_UNFINISHED: 1,
  MIGRATION_UNFINISHED: 1,
  IRREVERSIBLE: 1,
  DOWN_MISSING: 1,
  NOT_ENOUGH_BATCHES: 2,
  DATA_LOSS: 1,
  DATA_LOSS_UNSEEN: 1,
  NOTHING_TO_RESOLVE: 2,
  NOT_OURS: 2,
  FILE_IGNORED: 1,
  DATABASE_AHEAD: 1,
  SERVER_NEWER_THAN_TESTED: 1,
  TLS_UNVERIFIED: 1,
  RUN_IN_PROGRESS: 1,
  SCHEMA_DRIFTED: 1,
  HAZARD: 1,
  DATABASE_UNREACHABLE: 1,
  AUTHENTICATION_FAILED: 1,
  SECRET_NOT_FOUND: 2,
  SECRET_ACCESS_DENIED: 1,
  SECRET_UNAVAILABLE: 1,
  AWS_CREDENTIALS_UNUSABLE: 2,
  DATABASE_MISSING: 1,
  DATABASE_NOT_READY: 1,
  TLS_FAILED: 1,
  SERVER_TOO_OLD: 1,
  DATABASE_READ_ONLY: 1,
  SCHEMA_MISSING: 1,
  PERMISSION_DENIED: 1,
  JOURNAL_UNUSABLE: 1,
  LOCK_NOT_ACQUIRED: 1,
  ALREADY_RUNNING: 1,
  LOCK_LOST: 1,
  POOLER_DETECTED: 1,
  STATEMENT_FAILED: 1,
  LOCK_TIMEOUT: 1,
  TIMED_OUT: 1,
  TRANSACTION_ENDED: 1,
  INDEX_INVALID: 1,
  SCHEMA_MISMATCH: 1,
  CANNOT_RESUME: 1,
  CONNECTION_LOST: 1,
  CANCELLED: 1,
  DEADLINE_TOO_SHORT: 2,
  NO_REPORT_IN_TIME: 1,
  ANSWER_LOST: 1,
  INTERNAL_ERROR: 1,
};

function failed(code: string): Report {
  return { ...baseOf(), ok: false, outcome: "failed", failure: { code, message: "", hint: "", details: {} } };
}

function refused(...codes: readonly string[]): Report {
  return { ...baseOf(), ok: false, outcome: "refused", problems: codes.map((code) => ({ code, message: "" })) };
}

describe("the exit code", () => {
  test.each([
    "up_to_date",
    "pending",
    "applied",
    "would_apply",
    "rolled_back",
    "would_roll_back",
    "nothing_to_roll_back",
    "listed",
  ] as const)("is 0 when it is %s", (outcome) => {
    expect(exitCodeOf({ ...baseOf(), ok: true, outcome })).toBe(0);
  });

  test.each<Report>([
    { ...baseOf({ command: "resolve" }), ok: true, outcome: "resolved", resolution: "" },
    { ...baseOf({ command: "resolve", dryRun: true }), ok: true, outcome: "would_resolve", resolution: "" },
    {
      ...baseOf({ command: "unlock" }),
      ok: true,
      outcome: "unlocked",
      holder: { pid: 42, application: null, connectedAt: null, state: null, stateSince: null, build: null },
    },
  ])("is 0 when an operator's word was taken: $outcome", (report) => {
    expect(exitCodeOf(report)).toBe(0);
  });

  test("is 0 for a database that is ahead, which is only warned about", () => {
    const warnings = [{ code: "DATABASE_AHEAD", message: "" }];
    expect(exitCodeOf({ ...baseOf({ warnings }), ok: true, outcome: "up_to_date" })).toBe(0);
  });

  test("is 1 when the deadline came first", () => {
    expect(exitCodeOf({ ...baseOf(), ok: false, outcome: "incomplete", continuation: "e30=" })).toBe(1);
  });

  test.each(Object.entries(EXPECTED))("of %s is %i, failed or refused", (code, exitCode) => {
    expect(exitCodeOf(failed(code))).toBe(exitCode);
    expect(exitCodeOf(refused(code))).toBe(exitCode);
  });

  test("is 2 as soon as one problem lies in the request", () => {
    expect(exitCodeOf(refused("OUT_OF_ORDER", "INVALID_EVENT"))).toBe(2);
    expect(exitCodeOf(refused("OUT_OF_ORDER", "CHECKSUM_CHANGED"))).toBe(1);
  });

  test.each(["FROM_A_NEWER_FUNCTION", "constructor", "toString", "__proto__", ""])(
    "of the unknown code %j is 1",
    (code) => {
      expect(exitCodeOf(failed(code))).toBe(1);
      expect(exitCodeOf(refused(code))).toBe(1);
    },
  );
});
