// Applies what is pending: takes the lock, plans again from what the journal says then, and goes step by step.
import { MigrationError } from "../failure/failure.ts";
import type { Manifest } from "../migration/manifest.ts";
import { applyStatements } from "./apply-statements.ts";
import { applyTransactional } from "./apply-transactional.ts";
import { budgetOf, reserveOf } from "./budget.ts";
import { cancelled, type StepOutcome } from "./explain-step.ts";
import { type Inventory, takeInventory } from "./inventory.ts";
import { EMPTY_JOURNAL, type Journal, type JournalEntry } from "./journal.ts";
import { createStatements, type EntryAuthor, journalName } from "./journal-statements.ts";
import { acquireLock, releaseLock } from "./lock.ts";
import { isServerError, send, sqlStateOf } from "./message.ts";
import { readJournal, type Session } from "./open-session.ts";
import { planRun, type Step } from "./plan.ts";
import { type Draft, describe, fail, finish, refuse } from "./report.ts";
import type { MigrationReport, MigrationStatus, Report } from "./report-schema.ts";
import type { Request } from "./request.ts";
import type { Run, RunContext } from "./run-context.ts";
import { assertWritable } from "./session.ts";
import type { Target } from "./target.ts";
import { composeTransaction } from "./transaction.ts";

interface Order {
  readonly request: Request;
  readonly manifest: Manifest;
  readonly target: Target;
  readonly context: RunContext;
  readonly session: Session;
  readonly draft: Draft;
  /** False when the journal's table was not there before the lock was taken. */
  readonly hasJournal: boolean;
}

/** Throws a MigrationError for what fails before the first step; from then on the report tells. */
export async function runMigrations(order: Order): Promise<Report> {
  const { context, target, session } = order;
  const reserveMs = reserveOf(context.remainingMs());
  assertWritable(session.facts, target);
  const waitMs = Math.max(0, Math.min(context.lockWaitMs, context.remainingMs() - reserveMs));
  await acquireLock(session, target, context, waitMs);
  try {
    return await underLock(order, reserveMs);
  } finally {
    await releaseLock(session, target);
  }
}

async function underLock(order: Order, reserveMs: number): Promise<Report> {
  const { context, target, session, draft, manifest, request } = order;
  const journal = await readOrCreateJournal(session, target);
  // Another run may have done some of it while this one waited.
  const inventory = takeInventory(manifest, journal);
  draft.before = inventory;
  const plan = planRun(inventory);
  if (plan.problems.length > 0) return refuse(draft, plan.problems);
  if (plan.steps.length === 0) return finish(draft, "up_to_date");
  const run: Run = { target, session, context, reserveMs, timeoutMs: request.timeoutMs };
  const author = { runId: context.runId, invocationId: context.invocationId, batch: journal.newestBatch + 1 };
  const tally = await takeSteps(run, plan.steps, author);
  const entries = journal.entries.filter(({ version }) => !tally.entries.some((entry) => entry.version === version));
  draft.after = takeInventory(manifest, { ...journal, entries: [...entries, ...tally.entries] });
  draft.migrations = reportSteps(draft.after, plan.steps, tally);
  const { last } = tally;
  if (last.kind === "applied") return finish(draft, "applied");
  return last.kind === "out_of_time" ? finish(draft, "incomplete") : fail(draft, last.failure);
}

interface Measured {
  readonly attempts: number;
  /** On our clock: a step that failed has no entry to take it from. */
  readonly durationMs: number;
}

/** What the steps taken so far came to. */
interface Tally {
  /** Entries that this run wrote and that stand. */
  readonly entries: readonly JournalEntry[];
  readonly measured: ReadonlyMap<string, Measured>;
  /** The outcome of the step that was taken last. */
  readonly last: StepOutcome;
  /** Its index. */
  readonly index: number;
}

async function takeSteps(run: Run, steps: readonly Step[], author: EntryAuthor): Promise<Tally> {
  const entries: JournalEntry[] = [];
  const measured = new Map<string, Measured>();
  for (const [index, step] of steps.entries()) {
    const startedAt = performance.now();
    const outcome = await takeStep(run, step, author);
    const durationMs = Math.round(performance.now() - startedAt);
    measured.set(step.migration.version, { attempts: outcome.attempts, durationMs });
    const entry = entryOf(step, author, outcome);
    if (entry !== null) entries.push(entry);
    if (outcome.kind !== "applied" || index === steps.length - 1) return { entries, measured, last: outcome, index };
  }
  throw new TypeError("a plan without steps is not run");
}

async function takeStep(run: Run, step: Step, author: EntryAuthor): Promise<StepOutcome> {
  const { migration } = step;
  const { context, reserveMs, timeoutMs } = run;
  const budget = budgetOf({
    requestedMs: timeoutMs,
    directedMs: migration.up.timeoutMs,
    remainingMs: context.remainingMs(),
    reserveMs,
    now: performance.now(),
  });
  if (context.signal.aborted) return { kind: "failed", failure: cancelled(null), cause: null, attempts: 1 };
  if (budget.endsAt <= performance.now()) return { kind: "out_of_time", attempts: 1 };
  context.onProgress({ kind: "migration_started", version: migration.version, name: migration.name });
  return migration.up.transactional
    ? applyTransactional(run, migration, author, budget)
    : applyStatements(run, step, author, budget);
}

/** The entry that a step leaves in the journal; null when it leaves none, or none that is known of. */
function entryOf({ migration, resumes }: Step, author: EntryAuthor, outcome: StepOutcome): JournalEntry | null {
  const isApplied = outcome.kind === "applied";
  if (!isApplied && migration.up.transactional) return null;
  return {
    id: resumes?.id ?? "",
    version: migration.version,
    name: migration.name,
    state: isApplied ? "applied" : "started",
    batch: resumes?.batch ?? author.batch,
    checksum: migration.checksum,
    transactional: migration.up.transactional,
    statementsDone: 0,
    finishedAt: isApplied ? outcome.appliedAt : null,
    durationMs: isApplied ? outcome.durationMs : null,
  };
}

function reportSteps(after: Inventory, steps: readonly Step[], tally: Tally): MigrationReport[] {
  return steps.flatMap(({ migration }, index) => {
    const item = after.find(({ version }) => version === migration.version);
    if (item === undefined) return [];
    const status = statusOf(index, tally, migration.up.transactional);
    return [{ ...tally.measured.get(migration.version), ...describe(item, status) }];
  });
}

function statusOf(index: number, { last, index: lastIndex }: Tally, transactional: boolean): MigrationStatus {
  if (index < lastIndex) return "applied";
  if (index > lastIndex) return "not_reached";
  switch (last.kind) {
    case "applied":
      return "applied";
    case "in_doubt":
      return "in_doubt";
    case "out_of_time":
      return transactional ? "not_reached" : "started";
    case "failed":
      return "failed";
  }
}

async function readOrCreateJournal(session: Session, target: Target): Promise<Journal> {
  const reading = await readJournal(session, target);
  if (reading.exists) return reading.journal;
  const reply = await send(session.connection, composeTransaction(createStatements(target), "", []).sql);
  if (reply.error === null) return EMPTY_JOURNAL;
  if (isServerError(reply.error)) await send(session.connection, "rollback");
  const table = journalName(target);
  throw new MigrationError(
    {
      code: "JOURNAL_UNUSABLE",
      message: `the journal ${table} could not be created: ${reply.error.message}`,
      hint: "Nothing was changed. The role needs the right to create tables in the schema.",
      details: { table, sqlState: sqlStateOf(reply.error) ?? "" },
    },
    { cause: reply.error },
  );
}
