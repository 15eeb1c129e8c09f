// `run`: applies what is pending. Nothing to do costs no lock; a dry run is the same plan, not executed.
import type { LockHolder } from "../../failure/failure.ts";
import { phaseOf } from "../../migration/manifest.ts";
import { encodeContinuation } from "../continuation.ts";
import { describeHolder } from "../describe-sight.ts";
import { hazardsOf, lockedTables, statementsOf } from "../foresight.ts";
import { findItem } from "../inventory.ts";
import type { Journal } from "../journal.ts";
import { readLiveTables } from "../live-tables.ts";
import { isContract, waitingItems } from "../phases.ts";
import { isWorthWaiting, type Plan, planRun } from "../plan.ts";
import { describe, finish, finishForeseen, finishIncomplete, refuse } from "../report.ts";
import type { MigrationReport, Report } from "../report-schema.ts";
import type { Request } from "../request.ts";
import { runInProgress } from "../run-in-progress.ts";
import { takeSteps } from "../take-steps.ts";
import { verified } from "../verify.ts";
import { type LockedWork, underLock, usableMsOf, type Work } from "../work.ts";

type RunRequest = Extract<Request, { command: "run" }>;

/** Throws a MigrationError for what fails before the first step. */
export async function run(work: Work, request: RunRequest): Promise<Report> {
  const plan = planFor(work, request);
  const told = work.draft.warnings;
  work.draft.warnings = [...told, ...plan.warnings];
  const early = withoutLock(work, plan);
  if (early !== null && (request.dryRun || !isWorthWaiting(plan))) return verified(work, early);
  if (request.dryRun) return wouldApply(work, plan);
  const options = { ...request, whileBuilding: (holder: LockHolder) => comeBack(work, request, plan, holder) };
  return underLock(work, options, (locked) => {
    // What the first look saw may not be so any more.
    locked.draft.warnings = [...told];
    return apply(locked, request);
  });
}

async function apply(work: LockedWork, request: RunRequest): Promise<Report> {
  const { journal, target, session, lookout, context, reserveMs } = work;
  const plan = planFor(work, request);
  work.draft.warnings.push(...plan.warnings);
  const early = withoutLock(work, plan);
  if (early !== null) return verified(work, early);
  const batch = batchOf(journal, context.runId);
  const batches = batchesOf(request, plan, [batch]);
  const continuation = { command: "run", runId: context.runId, batches } as const;
  const isContinuation = request.continuation !== null;
  const run = { target, session, lookout, context, reserveMs, isContinuation, timeoutMs: request.timeoutMs };
  const report = await takeSteps(work, run, plan.steps, () => batch, { outcome: "applied", continuation });
  const checked = await verified(work, report);
  return { ...checked, migrations: [...checked.migrations, ...waitingIn(work, plan)] };
}

/** The server is still at work for an earlier run: that is progress, and no failure. */
function comeBack({ draft, inventory, context }: Work, request: RunRequest, plan: Plan, holder: LockHolder): Report {
  draft.migrations = plan.steps.flatMap(({ version, resumes }) => {
    const item = findItem(inventory, version);
    return item === undefined ? [] : [describe(item, resumes === null ? "not_reached" : "started")];
  });
  draft.warnings.push(runInProgress(describeHolder(holder)));
  const batches = batchesOf(request, plan, []);
  return finishIncomplete(draft, encodeContinuation({ command: "run", runId: context.runId, batches }));
}

/** In a run that goes on, what was allowed may be applied by now; anywhere else an idle permission is a misspelt one. */
function planFor({ inventory, journal, context }: Work, request: RunRequest): Plan {
  const { allowOutOfOrder, continuation, phase } = request;
  const { runId } = context;
  const batch = Math.min(batchOf(journal, runId), ...(continuation?.batches ?? []));
  const plan = planRun(inventory, allowOutOfOrder, { phase, runId, batch });
  if (continuation === null) return plan;
  return { ...plan, problems: plan.problems.filter(({ code }) => code !== "INVALID_EVENT") };
}

/** The report when there is nothing to apply, or nothing may be. */
function withoutLock(work: Work, plan: Plan): Report | null {
  const { draft, inventory } = work;
  if (plan.problems.length > 0) return refuse(draft, plan.problems);
  if (plan.steps.length > 0) return null;
  draft.migrations = waitingIn(work, plan);
  // Contract migrations wait as long as they like; any other one that was not asked for is still to come.
  const isUpToDate = waitingItems(inventory, plan.warnings).every(isContract);
  return finish(draft, isUpToDate ? "up_to_date" : "pending");
}

function waitingIn({ inventory }: Work, { warnings }: Plan): MigrationReport[] {
  return waitingItems(inventory, warnings).map((item) => describe(item));
}

/** Looks at the tables that would be locked. Where the build foresees no lock it asks nothing. */
async function wouldApply(work: Work, plan: Plan): Promise<Report> {
  const { draft, inventory, session, target } = work;
  const { steps } = plan;
  const statements = statementsOf(steps, target.schema);
  const would = steps.flatMap(({ version, resumes }, index) => {
    const item = findItem(inventory, version);
    const done = resumes !== null && { statementsDone: resumes.statementsDone };
    if (item === undefined) return [];
    return [{ ...describe(item, "would_apply"), ...done, ...hazardsOf(item.migration), ...statements[index] }];
  });
  draft.migrations = [...would, ...waitingIn(work, plan)];
  const wanted = lockedTables(steps, target.schema);
  if (wanted.length === 0) return finishForeseen(draft, {});
  const { tables, oldestTransactionMs, warnings } = await readLiveTables(session, wanted, usableMsOf(work));
  draft.warnings.push(...warnings);
  return finishForeseen(draft, tables === null ? {} : { tables: [...tables], oldestTransactionMs });
}

/**
 * A run that goes on keeps its batch while that is the newest. Any other run opens a new one: what is slipped below a
 * newer batch would be left standing when that one is rolled back.
 */
function batchOf({ entries, newestBatch }: Journal, ownRunId: string): number {
  const isOurs = entries.some(({ batch, runId }) => batch === newestBatch && runId === ownRunId);
  return isOurs ? newestBatch : newestBatch + 1;
}

/**
 * Of this run, with all its invocations: its own, and those of what it found half done. What it brings to an end there is
 * as new to old code as what it begins, and in the journal stays with the run that began it. A contract migration brings
 * nothing that another one could come after.
 */
function batchesOf({ continuation }: RunRequest, { steps }: Plan, own: readonly number[]): readonly number[] {
  const resumed = steps.flatMap((step) =>
    step.direction === "up" && step.resumes !== null && phaseOf(step.migration) === "expand"
      ? [step.resumes.batch]
      : [],
  );
  return [...new Set([...own, ...resumed, ...(continuation?.batches ?? [])])];
}
