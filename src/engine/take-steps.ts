// Takes the steps of a plan one after the other and says what became of each.
import type { Failure } from "../failure/failure.ts";
import { phaseOf } from "../migration/manifest.ts";
import { type Turn, turnsOf } from "./ahead.ts";
import { applyStatements } from "./apply-statements.ts";
import { applyTransactional } from "./apply-transactional.ts";
import { budgetOf } from "./budget.ts";
import { type Continuation, encodeContinuation } from "./continuation.ts";
import { cancelled, outOfTime, type StepOutcome } from "./explain-step.ts";
import { hazardsOf } from "./foresight.ts";
import { findItem, takeInventory } from "./inventory.ts";
import { type EntryState, type JournalEntry, withEntries } from "./journal.ts";
import type { EntryAuthor } from "./journal-statements.ts";
import { describe, fail, finish, finishIncomplete } from "./report.ts";
import type { MigrationReport, MigrationStatus, Report } from "./report-schema.ts";
import type { Run } from "./run-context.ts";
import { isTransactional, type Step } from "./step.ts";
import { durationMsOf } from "./timing.ts";
import type { LockedWork } from "./work.ts";

/** Takes all steps, or as many as go. Never throws for a step: the report tells what each came to. */
export async function takeSteps(
  work: LockedWork,
  run: Run,
  steps: readonly Step[],
  batchOf: (step: Step) => number,
  goal: { readonly outcome: "applied" | "rolled_back"; readonly continuation: Continuation },
): Promise<Report> {
  const { draft, context, manifest, journal } = work;
  const taken: Taken[] = [];
  draft.continuation = goal.continuation;
  const { runId, invocationId } = context;
  let isNextInDoubt = false;
  for (const turn of turnsOf(run, steps, (step) => ({ runId, invocationId, batch: batchOf(step) }))) {
    const startedAt = performance.now();
    const outcome = await takeStep(run, turn);
    const durationMs = Math.round(performance.now() - startedAt);
    taken.push({ step: turn.step, author: turn.author, outcome, durationMs });
    isNextInDoubt = outcome.kind === "in_doubt" && turn.isNextSent();
    if (outcome.kind !== "done") break;
  }
  draft.after = takeInventory(manifest, withEntries(journal, taken.flatMap(entryOf)));
  const last = taken.at(-1);
  if (last?.outcome.kind === "out_of_time" && last.outcome.warning !== null) draft.warnings.push(last.outcome.warning);
  const failure = last === undefined ? null : failureOf(work, last, taken.length === 1);
  const reported = last !== undefined && isNextInDoubt ? [...taken, { ...last, durationMs: 0 }] : taken;
  draft.migrations = steps.map((step, index) => reportStep(work, step, reported[index], failure));
  if (failure !== null) return fail(draft, failure);
  return last?.outcome.kind === "out_of_time"
    ? finishIncomplete(draft, encodeContinuation(goal.continuation))
    : finish(draft, goal.outcome);
}

/**
 * Why the last step that was taken ends the run as failed; null when it does not. Every continuation makes progress or
 * fails: the same again, with no more time, would end the same way.
 */
function failureOf(work: LockedWork, last: Taken, isFirst: boolean): Failure | null {
  const { outcome } = last;
  switch (outcome.kind) {
    case "done":
      return null;
    case "not_begun":
      return cancelled(null);
    case "out_of_time":
      return isFirst && !outcome.hasProgressed && work.isFresh ? (outcome.failure ?? tooShort(work, last)) : null;
    default:
      return outcome.failure;
  }
}

interface Taken {
  readonly step: Step;
  readonly outcome: StepOutcome;
  readonly author: EntryAuthor;
  /** On our clock: a step that failed has no entry to take it from. */
  readonly durationMs: number;
}

async function takeStep(run: Run, turn: Turn): Promise<StepOutcome> {
  const { context, reserveMs, timeoutMs } = run;
  const { step, author } = turn;
  const budget = budgetOf({
    requestedMs: timeoutMs,
    directedMs: step.script.timeoutMs,
    remainingMs: context.remainingMs(),
    reserveMs,
    now: performance.now(),
  });
  // What is on its way may be done before anybody can stop it.
  if (turn.sent === null && context.signal.aborted) return { kind: "not_begun", attempts: 0 };
  if (turn.sent === null && budget.endsAt <= performance.now()) return outOfTime(1);
  context.onProgress({ kind: "migration_started", version: step.version, name: step.name });
  return isTransactional(step) ? applyTransactional(run, turn, budget) : applyStatements(run, step, author, budget);
}

/** The entry that a step left in the journal; none when it left none, or none that is known of. */
function entryOf({ step, outcome, author }: Taken): readonly JournalEntry[] {
  const isDone = outcome.kind === "done";
  if (!isDone && (outcome.kind === "not_begun" || !outcome.leavesEntry)) return [];
  const states: Record<"up" | "down", readonly [EntryState, EntryState]> = {
    up: ["started", "applied"],
    down: ["rolling_back", "rolled_back"],
  };
  const before = step.direction === "down" ? step.entry : step.resumes;
  return [
    {
      id: before?.id ?? "",
      version: step.version,
      name: step.name,
      state: states[step.direction][isDone ? 1 : 0],
      phase: step.direction === "up" ? phaseOf(step.migration) : step.entry.phase,
      batch: before?.batch ?? author.batch,
      checksum: step.direction === "up" ? step.migration.checksum : step.entry.checksum,
      statementsDone: 0,
      statementBegun: 0,
      runId: author.runId,
      startedAt: isDone ? outcome.startedAt : null,
      finishedAt: isDone ? outcome.finishedAt : null,
    },
  ];
}

function reportStep(work: LockedWork, step: Step, taken: Taken | undefined, failure: Failure | null): MigrationReport {
  const { version, name } = step;
  const item = findItem(work.draft.after ?? [], version);
  const status = statusOf(step, taken, failure);
  const isBegun = taken !== undefined && taken.outcome.attempts > 0;
  const measured = isBegun && { durationMs: taken.durationMs, attempts: taken.outcome.attempts };
  const tookMs = taken?.outcome.kind === "done" ? durationMsOf(taken.outcome) : null;
  return {
    ...(item === undefined ? { version, name, status } : describe(item, status)),
    transactional: isTransactional(step),
    ...(step.direction === "up" && hazardsOf(step.migration)),
    ...measured,
    ...(tookMs !== null && { durationMs: tookMs }),
  };
}

function statusOf(step: Step, taken: Taken | undefined, failure: Failure | null): MigrationStatus {
  const outcome = taken?.outcome;
  switch (outcome?.kind) {
    case undefined:
    case "not_begun":
      return "not_reached";
    case "done":
      return step.direction === "up" ? "applied" : "rolled_back";
    case "out_of_time":
      if (failure !== null) return "failed";
      return outcome.leavesEntry ? "started" : "not_reached";
    case "failed":
    case "in_doubt":
      return outcome.kind;
  }
}

function tooShort({ reserveMs }: LockedWork, { step, durationMs: availableMs }: Taken): Failure {
  const { version } = step;
  return {
    code: "DEADLINE_TOO_SHORT",
    message: `${version} did not finish in the ${Math.round(availableMs / 1000)} s that a fresh invocation leaves it (${Math.round(reserveMs / 1000)} s are kept back to answer)`,
    hint: "Nothing more than this would come of trying again. Give the function a longer time-out, make the migration do less at once, or run hj from a machine that reaches the database.",
    details: { version, availableMs },
  };
}
