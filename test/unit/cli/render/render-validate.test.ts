// The texts of `hj migrations validate`, DESIGN section 3.
import { expect, test } from "vitest";
import { renderReport } from "../../../../src/cli/render/render-report.ts";
import type { Report, ReportedDrift } from "../../../../src/engine/report-schema.ts";
import { baseOf } from "../../../support/report.ts";

const plain = (_colour: string, text: string) => text;
const checked = { tables: 34, columns: 261, indexes: 46, constraints: 154, others: 0 };

function rendered(drift: ReportedDrift[], isVerbose = false): readonly string[] {
  const base = { ...baseOf(), command: "validate", checked, drift } as const;
  const isDrifted = drift.some(({ level }) => level === "error");
  const report: Report = isDrifted
    ? { ...base, ok: false, outcome: "drifted" }
    : { ...base, ok: true, outcome: "valid" };
  return renderReport(report, plain, plain, isVerbose).stdout.trimEnd().split("\n");
}

const PENDING: ReportedDrift = {
  kind: "missing",
  level: "error",
  object: { kind: "table", of: "", name: "hj_passkey_credential" },
  version: "20240401_001",
  because: "pending",
};
const DROPPED: ReportedDrift = {
  kind: "missing",
  level: "error",
  object: { kind: "index", of: "hj_session", name: "idx_hj_session_user_id_active" },
  version: "20240115_001",
  because: "dropped",
};
const UNEXPECTED: ReportedDrift = {
  kind: "unexpected",
  level: "information",
  object: { kind: "column", of: "hj_user", name: "note" },
};

test("a schema that is as it should be", () => {
  expect(rendered([UNEXPECTED])).toEqual([
    "✅ Schema validation passed",
    "All 34 tables present",
    "All indexes present",
    "All constraints valid",
  ]);
});

test("one that is not, with the way out where something is pending", () => {
  expect(rendered([PENDING, DROPPED, UNEXPECTED])).toEqual([
    "❌ Schema validation failed",
    "Missing table: hj_passkey_credential",
    "Missing index: idx_hj_session_user_id_active",
    "",
    "Run hj migrations run to apply missing migrations.",
  ]);
  expect(rendered([DROPPED]).at(-1)).toBe("Missing index: idx_hj_session_user_id_active");
});

test("what is different, with both definitions", () => {
  const object = { kind: "column", of: "hj_user", name: "email" };
  expect(rendered([{ kind: "different", level: "error", object, expected: "text not null", found: "text" }])).toEqual([
    "❌ Schema validation failed",
    "Different column: hj_user.email",
    "  expected: text not null",
    "  found:    text",
  ]);
});

test("with --verbose why, and what no migration made", () => {
  expect(rendered([PENDING, DROPPED, UNEXPECTED], true).slice(1, 4)).toEqual([
    "Missing table: hj_passkey_credential (from 20240401_001, which is pending)",
    "Missing index: idx_hj_session_user_id_active (from 20240115_001, which is applied: somebody removed it)",
    "Unexpected column: hj_user.note",
  ]);
});
