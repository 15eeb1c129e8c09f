// Puts a report together from what a run learned. Pure, but for the clock that says how long it took.
import type { Failure, LockHolder } from "../failure/failure.ts";
import type { Problem } from "../failure/problem.ts";
import { phaseOf } from "../migration/manifest.ts";
import type { Drift } from "../schema/drift.ts";
import type { Continuation } from "./continuation.ts";
import { type Inventory, type Item, schemaVersion } from "./inventory.ts";
import type { JournalEntry } from "./journal.ts";
import type { Session } from "./open-session.ts";
import type { Checked, MigrationReport, MigrationStatus, Report, ReportBase } from "./report-schema.ts";
import type { Command, Request } from "./request.ts";
import { NEWEST_SERVER } from "./session.ts";
import type { Target } from "./target.ts";
import { durationMsOf, finishedAtOf } from "./timing.ts";

/** What is known about a run before it ends; filled in as it goes on, so that a failure reports it too. */
export interface Draft {
  readonly command: Command | null;
  readonly dryRun: boolean;
  readonly runId: string;
  readonly invocationId: string;
  readonly startedAt: Date;
  database: ReportBase["database"];
  before: Inventory | null;
  after: Inventory | null;
  migrations: MigrationReport[];
  warnings: Problem[];
  /** True once the run lock was taken, and the journal read under it. */
  hadLock: boolean;
  /** Of the server that was connected to; see SessionFacts. */
  serverStart: string | null;
  /** How the work goes on, once it has begun. */
  continuation: Continuation | null;
}

/** Notes server and schema, and warns about a server that no test of ours has seen. */
export function noteDatabase(
  draft: Draft,
  target: Target,
  { maskedUrl, facts }: Pick<Session, "maskedUrl" | "facts">,
): void {
  draft.serverStart = facts.serverStart;
  draft.database = { url: maskedUrl, schema: target.schema, serverVersion: facts.serverVersion };
  if (facts.serverVersionNumber >= NEWEST_SERVER.number) {
    const message = `PostgreSQL ${facts.serverVersion} is newer than ${NEWEST_SERVER.major}, the newest that this build was tested with`;
    draft.warnings.push({ code: "SERVER_NEWER_THAN_TESTED", message });
  }
}

/** A draft with nothing in it but what was asked. */
export function newDraft(
  request: Request | null,
  ids: { readonly runId: string; readonly invocationId: string },
): Draft {
  return {
    command: request?.command ?? null,
    dryRun: request?.dryRun ?? false,
    runId: ids.runId,
    invocationId: ids.invocationId,
    startedAt: new Date(),
    database: null,
    before: null,
    after: null,
    migrations: [],
    warnings: [],
    hadLock: false,
    serverStart: null,
    continuation: null,
  };
}

/** The report of a command that came to a good end. */
export function finish(draft: Draft, outcome: PlainOutcome): Report {
  return { ...base(draft), ok: true, outcome };
}

/** The report of a dry run; `live` is what was seen of the tables that it would lock. */
export function finishForeseen(draft: Draft, live: Pick<Foreseen, "tables" | "oldestTransactionMs">): Report {
  return { ...base(draft), ok: true, outcome: "would_apply", ...live };
}

type Foreseen = Extract<Report, { outcome: "would_apply" }>;

/** Outcomes that say all there is to say. */
type PlainOutcome = Exclude<
  Extract<Report, { ok: true }>["outcome"],
  "resolved" | "would_resolve" | "unlocked" | "valid"
>;

/** The report of a run that was cut by its deadline and goes on with `continuation`. */
export function finishIncomplete(draft: Draft, continuation: string): Report {
  return { ...base(draft), ok: false, outcome: "incomplete", continuation };
}

/** The report of a resolve; `resolution` is what was, or would be, recorded. */
export function finishResolved(draft: Draft, outcome: "resolved" | "would_resolve", resolution: string): Report {
  return { ...base(draft), ok: true, outcome, resolution };
}

/** The report of a validation: `drifted` as soon as one difference is an error. */
export function finishValidated(draft: Draft, checked: Checked, differences: readonly Drift[]): Report {
  const drift = [...differences];
  return drift.some(({ level }) => level === "error")
    ? { ...base(draft), ok: false, outcome: "drifted", checked, drift }
    : { ...base(draft), ok: true, outcome: "valid", checked, drift };
}

/** The report of an unlock; `holder` is the session that was ended. */
export function finishUnlocked(draft: Draft, holder: LockHolder): Report {
  return { ...base(draft), ok: true, outcome: "unlocked", holder };
}

/** The report of a request that was not served; `problems` is not empty. */
export function refuse(draft: Draft, problems: readonly Problem[]): Report {
  return { ...base(draft), ok: false, outcome: "refused", problems: [...problems] };
}

/** The report of a run that failed. */
export function fail(draft: Draft, failure: Failure): Report {
  return { ...base(draft), ok: false, outcome: "failed", failure: { ...failure, details: { ...failure.details } } };
}

/** One migration as the inventory knows it. `status` says otherwise what a run makes of it. */
export function describe(item: Item, status: MigrationStatus = item.standing): MigrationReport {
  const { version, name, migration, entry } = item;
  const isInDatabase = entry !== null && entry.state !== "rolled_back";
  return {
    version,
    name,
    status,
    ...(isInDatabase && { batch: entry.batch }),
    ...(isInDatabase && whenOf(entry)),
    ...(migration !== null && { transactional: migration.up.transactional, reversible: migration.down !== null }),
    phase: migration === null ? entry.phase : phaseOf(migration),
  };
}

function whenOf(entry: JournalEntry): Pick<MigrationReport, "appliedAt" | "durationMs"> {
  const appliedAt = finishedAtOf(entry);
  const durationMs = durationMsOf(entry);
  return { ...(appliedAt !== null && { appliedAt }), ...(durationMs !== null && { durationMs }) };
}

function base(draft: Draft): ReportBase {
  const after = draft.after ?? draft.before ?? [];
  return {
    reportVersion: 1,
    command: draft.command,
    dryRun: draft.dryRun,
    runId: draft.runId,
    invocationId: draft.invocationId,
    startedAt: draft.startedAt.toISOString(),
    durationMs: Math.max(0, Date.now() - draft.startedAt.getTime()),
    database: draft.database,
    schemaVersion: { before: schemaVersion(draft.before ?? []), after: schemaVersion(after) },
    counts: {
      applied: count(after, "applied"),
      pending: count(after, "pending"),
      started: count(after, "started"),
      unknown: count(after, "unknown"),
    },
    migrations: draft.migrations,
    warnings: draft.warnings,
  };
}

function count(inventory: Inventory, standing: Item["standing"]): number {
  return inventory.filter((item) => item.standing === standing).length;
}
