// One report of every outcome, each with all that it can carry: for what has to do with any of them.
import type { Report } from "../../src/engine/report-schema.ts";
import type { Failure } from "../../src/failure/failure.ts";
import { baseOf, failedReport, migrationReport } from "./report.ts";

type Outcome = Report["outcome"];

const hazard = {
  rule: "index-not-concurrent",
  level: "error",
  object: "idx_session_device",
  message: "CREATE INDEX locks hj_session against writing while it is built",
  file: "20240601_002_session_device.up.sql",
  line: 3,
  column: 1,
  allowed: null,
} as const;

const allowed = { ...hazard, rule: "column-type-change", level: "warning", allowed: "the table is empty" } as const;

const statement = {
  line: 3,
  excerpt: "create index idx_session_device on hj_session (device)",
  locks: [{ table: "hj_session", mode: "ShareLock", work: "build" }],
} as const;

const applied = [
  migrationReport("20240115_001_initial_schema", "applied", {
    batch: 1,
    appliedAt: "2024-01-15T09:00:00.000Z",
    durationMs: 61,
  }),
  migrationReport("20240301_001_mfa_totp", "applied", {
    batch: 2,
    appliedAt: "2024-03-01T09:00:00.000Z",
    durationMs: 8_420,
  }),
];

const pending = [
  migrationReport("20240601_001_add_passkeys", "pending"),
  migrationReport("20240601_002_session_device", "pending", {
    transactional: false,
    hazards: [hazard, allowed],
  }),
  migrationReport("20240701_001_drop_legacy", "pending", { phase: "contract", reversible: false }),
];

const unknown = migrationReport("20250101_001_of_a_newer_build", "unknown", {
  batch: 3,
  appliedAt: "2025-01-01T08:00:00.000Z",
  durationMs: 12,
});

const counts = { applied: 2, pending: 3, started: 0, unknown: 1 };
const warnings = [{ code: "DATABASE_AHEAD", message: "20250101_001 is ahead", hint: "Deploy the newer build." }];
const looking = { counts, warnings, schemaVersion: { before: "20240301_001", after: "20240301_001" } };

const drift = [
  {
    kind: "missing",
    level: "error",
    object: { kind: "table", of: "", name: "hj_passkey" },
    version: "20240601_001",
    because: "pending",
  },
  {
    kind: "different",
    level: "error",
    object: { kind: "column", of: "hj_user", name: "email" },
    version: "20240115_001",
    expected: "character varying(320) not null",
    found: "text",
  },
  { kind: "unexpected", level: "information", object: { kind: "table", of: "", name: "import_2023" } },
] as const;

const checked = { tables: 34, columns: 200, indexes: 40, constraints: 50, others: 3 };

/** A lock that was not free, with everybody who was in the way. */
const lockTimeout: Failure = {
  code: "LOCK_TIMEOUT",
  message: "a lock was not free within 5m and 34 attempts",
  hint: "Let that session end, and run again.",
  details: {
    version: "20240601_002",
    file: "20240601_002_session_device.up.sql",
    line: 4,
    column: 13,
    statement: "alter table hj_session add column device text;",
    caret: 12,
    sqlState: "55P03",
    attempts: 34,
    blockers: [
      {
        pid: 4711,
        application: "web",
        state: "idle in transaction",
        since: "2024-06-01T08:12:05.678Z",
        mode: "AccessShareLock",
        relation: "hj_session",
        isBlocked: false,
        preventsWraparound: false,
      },
      {
        pid: 4999,
        application: null,
        state: null,
        since: null,
        mode: null,
        relation: null,
        isBlocked: true,
        preventsWraparound: true,
        query: "vacuum full hj_session",
      },
    ],
  },
};

const story = [
  migrationReport("20240601_001_add_passkeys", "applied", { durationMs: 234, batch: 3 }),
  migrationReport("20240601_002_session_device", "failed", { durationMs: 300_412, attempts: 34 }),
  migrationReport("20240701_001_drop_legacy", "not_reached"),
];

const holder = {
  pid: 42,
  application: "hellojohn-migrate 3f2a91c0/0",
  connectedAt: null,
  state: "active",
  stateSince: "2024-06-01T08:59:00.000Z",
  build: null,
};

const would = (status: "would_apply" | "would_roll_back" | "would_adopt") => [
  migrationReport("20240601_001_add_passkeys", status),
  migrationReport("20240601_002_session_device", status, {
    hazards: [hazard],
    statements: [{ ...statement, locks: [...statement.locks] }],
  }),
];

const fine = <Of extends Outcome>(outcome: Of, differences: Parameters<typeof baseOf>[0] = {}) => ({
  ...baseOf(differences),
  ok: true as const,
  outcome,
});

/** A missing outcome does not compile. */
export const EVERY_REPORT: { readonly [Each in Outcome]: Extract<Report, { outcome: Each }> } = {
  up_to_date: fine("up_to_date", { command: "status" }),
  pending: fine("pending", { ...looking, command: "status", migrations: [...pending, unknown] }),
  listed: fine("listed", { ...looking, command: "list", migrations: [...applied, ...pending, unknown] }),
  applied: fine("applied", { migrations: applied }),
  would_apply: {
    ...fine("would_apply", { dryRun: true, migrations: would("would_apply") }),
    tables: [
      {
        name: "hj_session",
        rows: 1_230_000,
        bytes: 356_000_000,
        oldestTransactionMs: 252_000,
        longestQueryMs: null,
        session: { pid: 4711, application: "web" },
      },
    ],
    oldestTransactionMs: 252_000,
  },
  rolled_back: fine("rolled_back", {
    command: "rollback",
    migrations: [migrationReport("20240301_001_mfa_totp", "rolled_back", { durationMs: 56 })],
  }),
  would_roll_back: fine("would_roll_back", {
    command: "rollback",
    dryRun: true,
    migrations: would("would_roll_back"),
  }),
  nothing_to_roll_back: fine("nothing_to_roll_back", { command: "rollback" }),
  adopted: fine("adopted", { command: "adopt", migrations: applied }),
  would_adopt: fine("would_adopt", { command: "adopt", dryRun: true, migrations: would("would_adopt") }),
  resolved: { ...fine("resolved", { command: "resolve" }), resolution: "Recorded 20240601_001 as applied." },
  would_resolve: {
    ...fine("would_resolve", { command: "resolve", dryRun: true }),
    resolution: "Records 20240601_001 as applied, without running it.",
  },
  unlocked: { ...fine("unlocked", { command: "unlock" }), holder },
  valid: { ...fine("valid", { command: "validate" }), checked, drift: [] },
  drifted: {
    ...baseOf({ ...looking, command: "validate" }),
    ok: false,
    outcome: "drifted",
    checked,
    drift: [...drift],
  },
  incomplete: {
    ...baseOf({ migrations: [migrationReport("20240601_001_add_passkeys", "in_doubt")] }),
    ok: false,
    outcome: "incomplete",
    continuation: "b3BhcXVl",
  },
  refused: {
    ...baseOf({ command: null, database: null, warnings }),
    ok: false,
    outcome: "refused",
    problems: [
      { code: "INVALID_SETTING", field: "HELLOJOHN_DATABASE_URL", message: "is not set", hint: "Set it." },
      { code: "INVALID_MIGRATION", file: "0001_a.up.sql", line: 3, column: 7, message: "syntax error" },
    ],
  },
  failed: failedReport(lockTimeout, { counts, migrations: story }) as Extract<Report, { outcome: "failed" }>,
};
