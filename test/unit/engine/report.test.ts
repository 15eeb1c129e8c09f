import { describe, expect, test } from "vitest";
import { takeInventory } from "../../../src/engine/inventory.ts";
import type { JournalEntry } from "../../../src/engine/journal.ts";
import {
  type Draft,
  describe as describeItem,
  fail,
  finish,
  finishIncomplete,
  finishResolved,
  finishUnlocked,
  newDraft,
  noteDatabase,
  refuse,
} from "../../../src/engine/report.ts";
import { reportSchema } from "../../../src/engine/report-schema.ts";
import type { SessionFacts } from "../../../src/engine/session.ts";
import type { Target } from "../../../src/engine/target.ts";
import type { Failure } from "../../../src/failure/failure.ts";
import { entryOf, manifestOf, migrationOf } from "../../support/manifest.ts";

const manifest = manifestOf({
  "1_a.up.sql": "select 1;",
  "1_a.down.sql": "select 1;",
  "2_b.up.sql": "vacuum b;",
  "3_c.up.sql": "select 3;",
});
const [a, b] = manifest.migrations.map((migration) => entryOf(migration)) as [JournalEntry, JournalEntry];
const unknown = entryOf(migrationOf("4_d.sql", "select 4;"));
const started: JournalEntry = { ...b, state: "started", finishedAt: null };

const target: Target = {
  connect: () => Promise.reject(new TypeError("a report needs no connection")),
  schema: "auth",
  journal: "hj_migration",
};

const failure: Failure = {
  code: "CANCELLED",
  message: "stopped on request",
  hint: "Run again.",
  details: { version: "1" },
};

const holder = {
  pid: 42,
  application: "hellojohn-migrate 3f2a91c0",
  connectedAt: "2024-06-01T08:59:00.000Z",
  state: null,
  stateSince: null,
  build: null,
};

function inventoryOf(...entries: readonly JournalEntry[]) {
  return takeInventory(manifest, { entries, newestBatch: 1 });
}

function draftOf(differences: Partial<Draft> = {}): Draft {
  return {
    command: "run",
    dryRun: false,
    runId: "run",
    invocationId: "invocation",
    startedAt: new Date("2024-06-01T09:00:00Z"),
    database: null,
    before: null,
    after: null,
    migrations: [],
    warnings: [],
    hadLock: false,
    serverStart: null,
    continuation: null,
    ...differences,
  };
}

function factsOf(serverVersion: string, serverVersionNumber: number): SessionFacts {
  return {
    serverVersion,
    serverVersionNumber,
    isReadOnly: false,
    backendPid: 1,
    askedAt: "",
    role: "u",
    serverStart: "2024-06-01 08:00:00+00",
  };
}

describe("a report", () => {
  test("of a run that knows nothing yet says so", () => {
    expect(refuse(draftOf(), [{ code: "INVALID_EVENT", message: "is no request" }])).toMatchObject({
      reportVersion: 1,
      ok: false,
      outcome: "refused",
      command: "run",
      runId: "run",
      invocationId: "invocation",
      startedAt: "2024-06-01T09:00:00.000Z",
      database: null,
      schemaVersion: { before: null, after: null },
      counts: { applied: 0, pending: 0, started: 0, unknown: 0 },
      problems: [{ code: "INVALID_EVENT", message: "is no request" }],
    });
  });

  test("says where everything stood before, and counts where it stands now", () => {
    const draft = draftOf({ before: inventoryOf(a), after: inventoryOf(a, started, unknown) });
    expect(finish(draft, "applied")).toMatchObject({
      ok: true,
      outcome: "applied",
      schemaVersion: { before: "1", after: "4" },
      counts: { applied: 1, pending: 1, started: 1, unknown: 1 },
    });
  });

  test("of a command that changed nothing says the same for before and after", () => {
    expect(finish(draftOf({ before: inventoryOf(a) }), "pending")).toMatchObject({
      schemaVersion: { before: "1", after: "1" },
      counts: { applied: 1, pending: 2, started: 0, unknown: 0 },
    });
  });

  test.each([
    "up_to_date",
    "pending",
    "applied",
    "would_apply",
    "rolled_back",
    "would_roll_back",
    "nothing_to_roll_back",
    "listed",
  ] as const)("is fine when it is %s", (outcome) => {
    expect(finish(draftOf(), outcome)).toMatchObject({ ok: true, outcome });
  });

  test("is not fine when the deadline cut it, and says how to go on", () => {
    expect(finishIncomplete(draftOf(), "token")).toMatchObject({
      ok: false,
      outcome: "incomplete",
      continuation: "token",
    });
  });

  test.each(["resolved", "would_resolve"] as const)("that is %s says what is recorded", (outcome) => {
    expect(finishResolved(draftOf({ command: "resolve" }), outcome, "Records 1_a.")).toMatchObject({
      ok: true,
      outcome,
      resolution: "Records 1_a.",
    });
  });

  test("of an unlock says whose session was ended", () => {
    expect(finishUnlocked(draftOf({ command: "unlock" }), holder)).toMatchObject({
      ok: true,
      outcome: "unlocked",
      holder,
    });
  });

  test("of a failure carries it whole", () => {
    expect(fail(draftOf(), failure)).toMatchObject({ ok: false, outcome: "failed", failure });
  });

  test("keeps to its own schema, whatever the outcome", () => {
    const draft = draftOf({ before: inventoryOf(a), after: inventoryOf(a, started, unknown) });
    noteDatabase(draft, target, { maskedUrl: "postgresql://u:***@h:5432/d", facts: factsOf("19beta1", 190000) });
    draft.migrations = (draft.after ?? []).map((item) => describeItem(item));
    const reports = [
      finish(draft, "applied"),
      finish(draft, "rolled_back"),
      finish(draft, "would_roll_back"),
      finish(draft, "nothing_to_roll_back"),
      finishIncomplete(draft, "token"),
      finishResolved(draft, "resolved", "Records 1_a."),
      finishResolved(draft, "would_resolve", "Records 1_a."),
      finishUnlocked(draft, holder),
      finishUnlocked(draft, {
        pid: 42,
        application: null,
        connectedAt: null,
        state: null,
        stateSince: null,
        build: null,
      }),
      fail(draft, failure),
      refuse(draft, [{ code: "OUT_OF_ORDER", message: "is late", version: "1", hint: "Wait." }]),
    ];
    for (const report of reports) expect(reportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
  });
});

describe("newDraft", () => {
  const ids = { runId: "run", invocationId: "invocation" };

  test("takes from the request what it asks, and knows nothing else yet", () => {
    const request = {
      command: "run",
      dryRun: true,
      timeoutMs: null,
      phase: "expand",
      allowOutOfOrder: [],
      continuation: null,
      showQueries: false,
    } as const;
    expect(newDraft(request, ids)).toEqual(draftOf({ dryRun: true, startedAt: expect.any(Date) }));
  });

  test("has no command when none was understood", () => {
    expect(newDraft(null, ids)).toEqual(draftOf({ command: null, startedAt: expect.any(Date) }));
  });
});

describe("noteDatabase", () => {
  test("notes the masked URL, the schema and the server's version", () => {
    const draft = draftOf();
    noteDatabase(draft, target, { maskedUrl: "postgresql://u:***@h:5432/d", facts: factsOf("18.1", 180001) });
    expect(draft.database).toEqual({ url: "postgresql://u:***@h:5432/d", schema: "auth", serverVersion: "18.1" });
    expect(draft.warnings).toEqual([]);
  });

  test("warns about a server that is newer than any that was tested", () => {
    const draft = draftOf();
    noteDatabase(draft, target, { maskedUrl: "postgresql://u:***@h:5432/d", facts: factsOf("19beta1", 190000) });
    expect(draft.warnings).toEqual([
      {
        code: "SERVER_NEWER_THAN_TESTED",
        message: "PostgreSQL 19beta1 is newer than 18, the newest that this build was tested with",
      },
    ]);
  });
});

describe("describe", () => {
  const items = inventoryOf(a, started, unknown);

  test("tells what an applied migration left in the journal", () => {
    expect(describeItem(items[0] as (typeof items)[number])).toEqual({
      version: "1",
      name: "a",
      status: "applied",
      batch: 1,
      appliedAt: "2024-06-01T09:00:00.000Z",
      durationMs: 234,
      transactional: true,
      reversible: true,
      phase: "expand",
    });
  });

  test("tells of a started one only what is known", () => {
    expect(describeItem(items[1] as (typeof items)[number])).toEqual({
      version: "2",
      name: "b",
      status: "started",
      batch: 1,
      transactional: false,
      reversible: false,
      phase: "expand",
    });
  });

  test("tells of an unknown one nothing that only its file says", () => {
    expect(describeItem(items[3] as (typeof items)[number])).toEqual({
      version: "4",
      name: "d",
      status: "unknown",
      batch: 1,
      appliedAt: "2024-06-01T09:00:00.000Z",
      durationMs: 234,
      phase: "expand",
    });
  });

  test("does not call applied what was rolled back", () => {
    const [item] = inventoryOf({ ...a, state: "rolled_back" });
    expect(describeItem(item as (typeof items)[number])).toEqual({
      version: "1",
      name: "a",
      status: "pending",
      transactional: true,
      reversible: true,
      phase: "expand",
    });
  });

  test("takes another status from the run", () => {
    expect(describeItem(items[2] as (typeof items)[number], "would_apply").status).toBe("would_apply");
  });
});
