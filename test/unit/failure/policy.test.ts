import { describe, expect, test } from "vitest";
import { POLICY } from "../../../src/failure/policy.ts";

type Code = keyof typeof POLICY;

/** What somebody has to mend in the request or the configuration before it can work. */
const EXIT_2: readonly Code[] = [
  "AWS_CREDENTIALS_UNUSABLE",
  "DEADLINE_TOO_SHORT",
  "INVALID_ARGUMENT",
  "INVALID_EVENT",
  "INVALID_MIGRATION",
  "INVALID_SETTING",
  "NOTHING_TO_RESOLVE",
  "NOT_AVAILABLE",
  "NOT_ENOUGH_BATCHES",
  "NOT_OURS",
  "SECRET_NOT_FOUND",
];
/** What may pass by itself. */
const RETRYABLE: readonly Code[] = [
  "ALREADY_RUNNING",
  "CANCELLED",
  "CONNECTION_LOST",
  "DATABASE_NOT_READY",
  "DATABASE_UNREACHABLE",
  "LOCK_LOST",
  "LOCK_NOT_ACQUIRED",
  "LOCK_TIMEOUT",
  "NO_REPORT_IN_TIME",
  "SECRET_UNAVAILABLE",
];
const codes = Object.keys(POLICY) as Code[];

describe("the policy", () => {
  test("exits 2 for a wrong request or configuration, and 1 for everything else", () => {
    expect(codes.filter((code) => POLICY[code].exitCode === 2).sort()).toEqual(EXIT_2);
  });

  test("calls retryable what may pass by itself, and nothing else", () => {
    expect(codes.filter((code) => POLICY[code].retryable).sort()).toEqual(RETRYABLE);
  });

  test("never asks for the same wrong request again", () => {
    expect(codes.filter((code) => POLICY[code].exitCode === 2 && POLICY[code].retryable)).toEqual([]);
  });
});
