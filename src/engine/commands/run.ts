// `run`: applies what is pending. Nothing to do costs no lock; a dry run is the same plan, not executed.
import type { Continuation } from "../continuation.ts";
import { encodeContinuation } from "../continuation.ts";
import { findItem } from "../inventory.ts";
import type { Journal } from "../journal.ts";
import { type Plan, planRun } from "../plan.ts";
import { describe, finish, refuse } from "../report.ts";
import type { Report } from "../report-schema.ts";
import type { Request } from "../request.ts";
import { takeSteps } from "../take-steps.ts";
import { type LockedWork, underLock, type Work } from "../work.ts";

type RunRequest = Extract<Request, { command: "run" }>;

/** Throws a MigrationError for what fails before the first step. */
export async function run(work: Work, request: RunRequest): Promise<Report> {
  const plan = planRun(work.inventory, request.allowOutOfOrder);
  work.draft.warnings.push(...plan.warnings);
  const early = withoutLock(work, plan);
  if (early !== null) return early;
  if (request.dryRun) return wouldApply(work, plan);
  return underLock(work, (locked) => apply(locked, request));
}

async function apply(work: LockedWork, request: RunRequest): Promise<Report> {
  const { journal, target, session, context, reserveMs } = work;
  const plan = planRun(work.inventory, request.allowOutOfOrder);
  const early = withoutLock(work, plan);
  if (early !== null) return early;
  const batch = batchOf(journal, request.continuation);
  const continuation = encodeContinuation({ command: "run", runId: context.runId, batches: [batch] });
  const run = { target, session, context, reserveMs, timeoutMs: request.timeoutMs };
  return takeSteps(work, run, plan.steps, () => batch, { outcome: "applied", continuation });
}

/** The report when there is nothing to apply, or nothing may be. */
function withoutLock({ draft }: Work, { problems, steps }: Plan): Report | null {
  if (problems.length > 0) return refuse(draft, problems);
  return steps.length === 0 ? finish(draft, "up_to_date") : null;
}

function wouldApply({ draft, inventory }: Work, { steps }: Plan): Report {
  draft.migrations = steps.flatMap(({ version }) => {
    const item = findItem(inventory, version);
    return item === undefined ? [] : [describe(item, "would_apply")];
  });
  return finish(draft, "would_apply");
}

/** A continued run keeps its batch, if the journal knows it as that run's; any other run opens a new one. */
function batchOf({ entries, newestBatch }: Journal, continuation: Continuation | null): number {
  const continued = continuation?.batches[0];
  const isOurs = entries.some(({ batch, runId }) => batch === continued && runId === continuation?.runId);
  return continued !== undefined && isOurs ? continued : newestBatch + 1;
}
