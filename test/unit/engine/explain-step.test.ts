import { describe, expect, test } from "vitest";
import { cancelled, explainStep, frameFailure, type Suspect } from "../../../src/engine/explain-step.ts";
import { NOT_SENT } from "../../../src/engine/interrupt.ts";
import type { Step } from "../../../src/engine/step.ts";
import { MigrationError } from "../../../src/failure/failure.ts";
import type { Migration } from "../../../src/migration/manifest.ts";
import { entryOf, migrationOf } from "../../support/manifest.ts";

const SQL = "create table account ();\n\ncreate index i on account (usr_id);\n";
const migration = migrationOf("20240601_001_account.up.sql", SQL);
const place = {
  version: "20240601_001",
  file: "20240601_001_account.up.sql",
  line: 3,
  column: 28,
  statement: "create index i on account (usr_id);",
  caret: 27,
};

function stepUp(migration: Migration): Step {
  const { version, name, up } = migration;
  return { direction: "up", version, name, migration, script: up, resumes: null };
}

/** A down script as the journal keeps it, whatever the build ships. */
function stepDown(sql: string): Step {
  const { version, name } = migration;
  const script = { ...migrationOf("20240601_001_account.sql", sql).up, file: "20240601_001_account.down.sql" };
  return { direction: "down", version, name, script, resumes: null, entry: entryOf(migration) };
}

function serverError(code: string, message: string): Error {
  return Object.assign(new Error(message), { severity: "ERROR", code });
}

function suspectOf(differences: Partial<Suspect>): Suspect {
  return {
    step: stepUp(migration),
    statement: migration.up.statements[1],
    offset: SQL.indexOf("usr_id"),
    error: serverError("42703", 'column "usr_id" does not exist'),
    interruption: null,
    attempts: 1,
    blockers: [],
    budget: { timeoutMs: 300_000, endsAt: 0, reason: "timeout" },
    isOverdue: false,
    ...differences,
  };
}

const deadline = { timeoutMs: 300_000, endsAt: 0, reason: "deadline" } as const;
const lockNotAvailable = serverError("55P03", "canceling statement due to lock timeout");
const deadlock = serverError("40P01", "deadlock detected");
const queryCanceled = serverError("57014", "canceling statement due to user request");

describe("explainStep", () => {
  test("blames a statement with its place, and says what to do", () => {
    const suspect = suspectOf({});
    expect(explainStep(suspect)).toEqual({
      kind: "failed",
      cause: suspect.error,
      attempts: 1,
      leavesEntry: false,
      failure: {
        code: "STATEMENT_FAILED",
        message: 'column "usr_id" does not exist',
        hint: "Fix 20240601_001 and run hj migrations run again.",
        details: { ...place, sqlState: "42703" },
      },
    });
  });

  test("blames a statement of a down script with its own place, and does not say that a file could be fixed", () => {
    const step = stepDown("drop index i;\ndrop table acount;");
    const error = serverError("42P01", 'table "acount" does not exist');
    const suspect = suspectOf({ step, statement: step.script.statements[1], offset: null, error });
    expect(explainStep(suspect)).toMatchObject({
      kind: "failed",
      failure: {
        code: "STATEMENT_FAILED",
        hint: "The down script is the one stored when 20240601_001 was applied. Mend what is in its way and roll back again, or leave the schema.",
        details: { file: "20240601_001_account.down.sql", line: 2, column: null, statement: "drop table acount;" },
      },
    });
  });

  test("names the line of the statement when the server gave no position", () => {
    expect(explainStep(suspectOf({ offset: null }))).toMatchObject({
      failure: { details: { line: 3, column: null, caret: null } },
    });
  });

  test("does not repeat a value that did not fit", () => {
    const error = serverError("22P02", 'invalid input syntax for type integer: "gEhEiM"');
    expect(explainStep(suspectOf({ error }))).toMatchObject({
      failure: { message: 'invalid input syntax for type integer: "***"' },
    });
  });

  test.each([
    ["a lock that was not free", lockNotAvailable],
    ["a deadlock", deadlock],
  ])("tells %s apart from a wrong statement", (_what, error) => {
    expect(explainStep(suspectOf({ error, attempts: 4 }))).toMatchObject({
      kind: "failed",
      attempts: 4,
      failure: { code: "LOCK_TIMEOUT", details: { ...place, attempts: 4 } },
    });
  });

  test.each([
    [1, "one attempt"],
    [2, "2 attempts"],
  ])("counts %i attempt(s) in words", (attempts, words) => {
    expect(explainStep(suspectOf({ error: lockNotAvailable, attempts }))).toMatchObject({
      failure: {
        message: `a lock was not free within 5m and ${words}: canceling statement due to lock timeout`,
      },
    });
  });

  test.each([
    ["we cancelled it", { interruption: "timeout" as const, error: queryCanceled }],
    ["the server did, at its own time-out", { error: queryCanceled, isOverdue: true }],
  ])("says that a migration ran out of its time when %s", (_what, differences) => {
    expect(explainStep(suspectOf(differences))).toMatchObject({
      kind: "failed",
      failure: {
        code: "TIMED_OUT",
        message: "did not finish within its time-out of 5m and was cancelled",
        details: { ...place, timeoutMs: 300_000 },
      },
    });
  });

  test("blames a lock that was not free, also when time was up at the same moment", () => {
    const suspect = suspectOf({ interruption: "timeout", error: lockNotAvailable });
    expect(explainStep(suspect)).toMatchObject({ kind: "failed", failure: { code: "LOCK_TIMEOUT" } });
  });

  test("blames the statement when somebody else cancelled it in time", () => {
    expect(explainStep(suspectOf({ error: queryCanceled }))).toMatchObject({
      failure: { code: "STATEMENT_FAILED", details: { sqlState: "57014" } },
    });
  });

  test.each([
    ["was cancelled at the deadline", { interruption: "deadline" as const, error: queryCanceled }, null],
    ["was ended by the server at the deadline", { error: queryCanceled, isOverdue: true }, null],
    ["was still waiting for a lock then", { error: lockNotAvailable }, "LOCK_TIMEOUT"],
  ])("takes a migration that %s for one that can go on later, and knows what kept it", (_what, differences, code) => {
    expect(explainStep(suspectOf({ ...differences, budget: deadline, attempts: 3 }))).toEqual({
      kind: "out_of_time",
      warning: null,
      attempts: 3,
      hasProgressed: false,
      leavesEntry: false,
      failure: code === null ? null : expect.objectContaining({ code }),
    });
  });

  test("says that nothing began when the run was stopped before anything was sent", () => {
    expect(explainStep(suspectOf({ error: NOT_SENT, interruption: "abort" }))).toEqual({
      kind: "not_begun",
      attempts: 0,
    });
  });

  test("blames a wrong statement before the deadline all the same", () => {
    expect(explainStep(suspectOf({ budget: deadline }))).toMatchObject({ failure: { code: "STATEMENT_FAILED" } });
  });

  test("says that a run was stopped, whatever the server made of it", () => {
    expect(explainStep(suspectOf({ interruption: "abort", error: queryCanceled, budget: deadline }))).toMatchObject({
      kind: "failed",
      failure: { code: "CANCELLED", details: { version: "20240601_001" } },
    });
  });

  test.each([
    ["broke", Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }), null, ""],
    [
      "was ended by the server",
      Object.assign(new Error("terminating connection"), { severity: "FATAL", code: "57P01" }),
      "57P01",
      " (57P01)",
    ],
  ])("claims nothing when the connection %s", (_what, error, sqlState, suffix) => {
    expect(explainStep(suspectOf({ error }))).toEqual({
      kind: "in_doubt",
      cause: error,
      attempts: 1,
      leavesEntry: false,
      failure: {
        code: "CONNECTION_LOST",
        message: `the connection was lost while 20240601_001 ran${suffix}`,
        hint: "Whether it was applied is not known here. hj migrations status says; run again to go on.",
        details: { version: "20240601_001", sqlState },
      },
    });
  });

  test("never shows what stands in the statement's literals", () => {
    const sql = "insert into account values ('gEhEiM', usr_id);";
    const suspect = suspectOf({
      step: stepUp(migrationOf("1_a.sql", sql)),
      statement: undefined,
      offset: sql.indexOf("usr_id"),
    });
    expect(JSON.stringify(explainStep(suspect))).not.toContain("gEhEiM");
  });
});

test("a run that is stopped before a migration blames none", () => {
  expect(cancelled(null)).toMatchObject({ code: "CANCELLED", details: { version: null } });
});

test("a failure of the frame keeps what led to it as its cause", () => {
  const cause = serverError("22012", "division by zero");
  const outcome = frameFailure(cancelled(null), cause, 2);
  expect(outcome).toMatchObject({ kind: "failed", failure: cancelled(null), attempts: 2 });
  expect("cause" in outcome && outcome.cause).toBeInstanceOf(MigrationError);
  expect(outcome).toHaveProperty("cause.cause", cause);
});
