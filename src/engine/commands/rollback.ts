// `rollback`: takes back the newest batches, with the down scripts that the journal kept. All or nothing is decided
// before anything runs.
import { expectedLosses, type GuardedPlan, guardRollback, isHeldUp, withLosses } from "../guard-rollback.ts";
import { findItem } from "../inventory.ts";
import type { JournalEntry } from "../journal.ts";
import { readDownsStatement } from "../journal-statements.ts";
import { lockKey, readHolder } from "../lock.ts";
import { send } from "../message.ts";
import { connectionLost } from "../open-session.ts";
import { isWorthWaiting, type Plan } from "../plan.ts";
import { extentOf, isPartlyTakenBack, planRollback, selectBatches } from "../plan-rollback.ts";
import { describe, finish, refuse } from "../report.ts";
import type { Report } from "../report-schema.ts";
import type { Request } from "../request.ts";
import { decodeDown } from "../stored-down.ts";
import { takeSteps } from "../take-steps.ts";
import { type LockedWork, type PreparedWork, underLock, type Work } from "../work.ts";

type RollbackRequest = Extract<Request, { command: "rollback" }>;

/** Throws a MigrationError for what fails before the first step. */
export async function rollback(work: PreparedWork, request: RollbackRequest): Promise<Report> {
  const plan = await planFor(work, request, false);
  const early = withoutLock(work, plan);
  if (early !== null && (request.dryRun || !(await mayPass(work, plan)))) return early;
  if (request.dryRun) return wouldRollBack(work, plan);
  // A name that was right then is no slip because somebody has emptied the table since.
  const isNamedRight = plan.problems.length === 0;
  return underLock(work, request, (locked) => takeBack(locked, request, isNamedRight));
}

/**
 * Whether a plan may look different once the run lock is ours. Rows that a run at work has just written may be gone when it
 * is done, or the table be another one than the journal spoke of.
 */
async function mayPass({ session, target }: PreparedWork, plan: GuardedPlan): Promise<boolean> {
  if (isWorthWaiting(plan) || isHeldUp(plan)) return true;
  return plan.lost.length > 0 && (await readHolder(session, lockKey(target.schema, target.journal))) !== null;
}

async function takeBack(work: LockedWork, request: RollbackRequest, isNamedRight: boolean): Promise<Report> {
  const { target, session, lookout, context, reserveMs } = work;
  const plan = await planFor(work, request, isNamedRight);
  const early = withoutLock(work, plan);
  if (early !== null) return early;
  work.draft.warnings.push(...plan.warnings);
  const batches = [...new Set(plan.steps.map((step) => batchOf(step)))];
  const continuation = { command: "rollback", runId: context.runId, batches } as const;
  const isContinuation = request.continuation !== null;
  const run = { target, session, lookout, context, reserveMs, isContinuation, timeoutMs: request.timeoutMs };
  const report = await takeSteps(work, run, plan.steps, batchOf, { outcome: "rolled_back", continuation });
  return withLosses(report, plan, target.schema);
}

async function planFor(work: PreparedWork, request: RollbackRequest, isNamedRight: boolean): Promise<GuardedPlan> {
  const { journal, context } = work;
  const { steps, continuation, allowDataLoss } = request;
  const extent = continuation ?? extentOf(journal, steps, context.runId);
  const selection = selectBatches(journal, extent);
  if ("problems" in selection) return { steps: [], problems: selection.problems, warnings: [], lost: [] };
  const plan = await planEntries(work, selection.entries);
  const isIdleFine = isNamedRight || "batches" in extent || isPartlyTakenBack(journal, selection.entries);
  return guardRollback(work, plan, allowDataLoss, isIdleFine);
}

async function planEntries({ session, target }: PreparedWork, entries: readonly JournalEntry[]): Promise<Plan> {
  if (entries.length === 0) return { steps: [], problems: [], warnings: [] };
  const reply = await send(session.connection, readDownsStatement(target, entries));
  if (reply.error !== null) throw connectionLost(reply.error);
  const rows = reply.completed[0] ?? [];
  return planRollback(entries, new Map(rows.map((row) => [row["id"] ?? "", decodeDown(row)])));
}

function withoutLock({ draft }: Work, { problems, steps, warnings }: Plan): Report | null {
  if (problems.length > 0) return refuse({ ...draft, warnings: [...draft.warnings, ...warnings] }, problems);
  return steps.length === 0 ? finish(draft, "nothing_to_roll_back") : null;
}

function wouldRollBack({ draft, inventory, target }: Work, plan: GuardedPlan): Report {
  draft.warnings.push(...plan.warnings, ...expectedLosses(plan, target.schema));
  draft.migrations = plan.steps.flatMap(({ version }) => {
    const item = findItem(inventory, version);
    return item === undefined ? [] : [describe(item, "would_roll_back")];
  });
  return finish(draft, "would_roll_back");
}

function batchOf(step: Plan["steps"][number]): number {
  const entry: JournalEntry | null = step.direction === "down" ? step.entry : step.resumes;
  return entry?.batch ?? 0;
}
