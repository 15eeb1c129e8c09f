// The sentence that is all some callers show of a report.
import { describe, expect, test } from "vitest";
import type { Failure } from "../../../src/failure/failure.ts";
import { reasonOf } from "../../../src/lambda/reason.ts";
import { baseOf, failedReport, migrationReport } from "../../support/report.ts";

const RUN = ` (run ${baseOf().runId})`;
const statement: Failure = {
  code: "STATEMENT_FAILED",
  message: 'column "usr_id" does not exist',
  hint: "Fix 1_2 and run hj migrations run again.",
  details: {
    version: "1_2",
    file: "1_2_b.up.sql",
    line: 4,
    column: 15,
    statement: "select usr_id",
    caret: 7,
    sqlState: "42703",
  },
};
const lost: Failure = {
  code: "CONNECTION_LOST",
  message: "the connection was lost while 1_2 ran",
  hint: "hj migrations status says.",
  details: { version: "1_2", sqlState: null },
};

describe("of a failed migration it", () => {
  const done = migrationReport("1_1_a", "applied");
  const at = { schemaVersion: { before: null, after: "1_1" } };

  test("says where, what is left of it, and where the database stands", () => {
    const migrations = [done, migrationReport("1_2_b", "failed")];
    expect(reasonOf(failedReport(statement, { ...at, migrations }))).toBe(
      `1_2_b failed and was rolled back at 1_2_b.up.sql:4:15 (42703): column "usr_id" does not exist. Fix 1_2 and run hj migrations run again. Now at schema version 1_1, 1 migration done before it${RUN}`,
    );
  });

  test.each([
    ["failed and stopped part way at 1_2_b.up.sql", "run", "failed", false, statement],
    ["failed and is still applied at 1_2_b.up.sql", "rollback", "failed", true, statement],
    ["may have taken effect or not: the connection", "run", "in_doubt", true, lost],
  ] as const)("%s", (says, command, status, transactional, failure) => {
    const migrations = [migrationReport("1_2_b", status, { transactional })];
    expect(reasonOf(failedReport(failure, { ...at, command, migrations }))).toContain(`1_2_b ${says}`);
  });
});

test("a failure that no migration is to blame for names the command, and claims no schema version", () => {
  const report = failedReport(lost, { schemaVersion: { before: null, after: null } });
  expect(reasonOf(report)).toBe(`run failed: ${lost.message}. ${lost.hint}${RUN}`);
});

describe("of a refusal it", () => {
  const refused = (...hints: readonly string[]) =>
    reasonOf({
      ...baseOf(),
      ok: false,
      outcome: "refused",
      problems: hints.map((hint, index) => ({ code: "INVALID_SETTING", field: `F${index}`, message: "is bad", hint })),
    });

  test("says the way out where there is one problem", () => {
    expect(refused("Set it.")).toBe(`Refused: F0 is bad. Set it.${RUN}`);
  });

  test("says every problem with its own", () => {
    expect(refused("Set it.", "Set that.")).toBe(`Refused: F0 is bad. Set it.; F1 is bad. Set that.${RUN}`);
  });
});

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
  expect(reasonOf(failed("one\n\ttwo\u0000\u001b[31mthree"))).toMatch(/^run failed: one two \[31mthree\. {1,2}\(run/);
});

test("a status counts a migration that was begun among what is pending, as hj does", () => {
  const counts = { applied: 1, pending: 0, started: 1, unknown: 0 };
  const report = baseOf({ command: "status", counts, schemaVersion: { before: "1_1", after: "1_1" } });
  expect(reasonOf({ ...report, ok: true, outcome: "pending" })).toBe(`1 migration pending; schema version 1_1${RUN}`);
});

test("a rollback that time ran out on says what is left of it, not what is pending", () => {
  const migrations = (["rolled_back", "rolled_back", "started", "not_reached", "not_reached"] as const).map(
    (status, index) => migrationReport(`1_${5 - index}_a`, status),
  );
  const counts = { applied: 2, pending: 2, started: 1, unknown: 0 };
  const report = baseOf({ command: "rollback", migrations, counts, schemaVersion: { before: "1_5", after: "1_2" } });
  expect(reasonOf({ ...report, ok: false, outcome: "incomplete", continuation: "" })).toBe(
    `Time ran out after 2 migrations; 3 to go${RUN}`,
  );
});

test("a run says how many migrations wait for another phase, and does not count them as its own to do", () => {
  const migrations = [migrationReport("1_1_a", "applied"), migrationReport("1_2_b", "pending", { phase: "contract" })];
  const counts = { applied: 1, pending: 2, started: 0, unknown: 0 };
  const report = baseOf({ migrations, counts, schemaVersion: { before: null, after: "1_1" } });
  expect(reasonOf({ ...report, ok: true, outcome: "applied" })).toBe(
    `Applied 1 migration; schema version 1_1; 1 migration of another phase waits${RUN}`,
  );
  expect(reasonOf({ ...report, ok: false, outcome: "incomplete", continuation: "" })).toBe(
    `Time ran out after 1 migration; 1 to go${RUN}`,
  );
});
