import { beforeAll, describe, expect, test } from "vitest";
import { loadParser, parseSql } from "../../../src/build/parse-sql.ts";
import {
  assertUsable,
  assertWritable,
  createPrivilege,
  decodeFacts,
  FACTS_STATEMENT,
  lookingStatements,
  readingStatements,
  resetStatements,
  type SessionFacts,
  settingStatements,
} from "../../../src/engine/session.ts";
import type { Target } from "../../../src/engine/target.ts";
import { MigrationError } from "../../../src/failure/failure.ts";

beforeAll(loadParser);

const target: Target = {
  connect: () => Promise.reject(new TypeError("nothing here connects")),
  schema: 'it\'s "auth"',
  journal: "hj_migration",
};
const row = {
  server_version: "17.2 (Debian 17.2-1.pgdg120+1)",
  server_version_number: "170002",
  is_read_only: "f",
  backend_pid: "42",
  asked_at: "2024-06-01 09:00:00+00",
  role: "john",
  server_start: "2024-06-01 08:00:00+00",
};
const facts = decodeFacts(row);

/** The code of what this throws; null when it does not. */
function thrown(action: () => void): string | null {
  try {
    action();
    return null;
  } catch (error) {
    return error instanceof MigrationError ? error.failure.code : String(error);
  }
}

test("facts are read from text, and a version without its packager", () => {
  expect(facts).toEqual({
    serverVersion: "17.2",
    serverVersionNumber: 170002,
    isReadOnly: false,
    backendPid: 42,
    askedAt: "2024-06-01 09:00:00+00",
    role: "john",
    serverStart: "2024-06-01 08:00:00+00",
  });
  expect(decodeFacts({ ...row, is_read_only: "t" }).isReadOnly).toBe(true);
});

describe("a server", () => {
  test.each<[string, Partial<SessionFacts>, string | null]>([
    ["is usable from PostgreSQL 14 on", { serverVersionNumber: 140000 }, null],
    ["is usable when it is newer than any we know", { serverVersionNumber: 190000 }, null],
    ["is too old before that", { serverVersionNumber: 139999 }, "SERVER_TOO_OLD"],
    ["is usable for reading as a standby", { isReadOnly: true }, null],
  ])("%s", (_what, differences, code) => {
    expect(thrown(() => assertUsable({ ...facts, ...differences }))).toBe(code);
  });

  test.each<[string, Partial<SessionFacts>, string | null]>([
    ["can be changed", {}, null],
    ["cannot be changed as a standby", { isReadOnly: true }, "DATABASE_READ_ONLY"],
  ])("%s", (_what, differences, code) => {
    expect(thrown(() => assertWritable({ ...facts, ...differences }, "db.example.com"))).toBe(code);
  });
});

test("a server is given back no setting that it does not know", () => {
  const settingsOn = (serverVersionNumber: number) =>
    resetStatements(target, { applicationName: "a", facts: { ...facts, serverVersionNumber } }).filter((sql) =>
      sql.includes("transaction_timeout ="),
    );
  expect(settingsOn(169999)).toEqual([]);
  expect(settingsOn(170000)).toEqual(["set transaction_timeout = '0'"]);
});

test("a session that is prepared keeps the role that it came with, and one that a file has had does not", () => {
  const session = { applicationName: "a", facts };
  const ofRole = (sql: string) => /\b(?:role|session authorization)\b/.test(sql);
  expect(settingStatements(target, session).filter(ofRole)).toEqual([]);
  expect(resetStatements(target, session).filter(ofRole)).toEqual(["reset session authorization", "reset role"]);
});

test("each statement of the session is one, whatever the schema and the application are called", () => {
  for (const sql of [
    FACTS_STATEMENT,
    `select ${createPrivilege(target)}`,
    ...readingStatements(target, "it's; drop table account; --"),
    ...lookingStatements({ applicationName: "it's; drop table account; --", facts }),
    ...resetStatements(target, { applicationName: "it's; drop table account; --", facts }),
  ]) {
    expect(parseSql(sql)).toHaveLength(1);
  }
});
