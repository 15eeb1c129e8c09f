// Serves one request against one target and always returns a report. The one place where every error ends.
import { randomUUID } from "node:crypto";
import { type Failure, MigrationError } from "../failure/failure.ts";
import type { Problem } from "../failure/problem.ts";
import type { Manifest } from "../migration/manifest.ts";
import { type Inventory, takeInventory } from "./inventory.ts";
import type { Journal } from "./journal.ts";
import { applicationName, openSession } from "./open-session.ts";
import { type Plan, planRun } from "./plan.ts";
import { type Draft, describe, fail, finish, noteDatabase, refuse } from "./report.ts";
import type { Report } from "./report-schema.ts";
import type { Request } from "./request.ts";
import type { RunContext } from "./run-context.ts";
import { runMigrations } from "./run-migrations.ts";
import type { Target } from "./target.ts";

/** Never throws: what goes wrong is in the report. */
export async function serve(
  request: Request,
  manifest: Manifest,
  target: Target,
  context: RunContext,
): Promise<Report> {
  const draft = newDraft(request, context);
  try {
    return await answer(request, manifest, target, context, draft);
  } catch (error) {
    return fail(draft, failureOf(error));
  }
}

/** The report of a request that never reached the engine: an event or settings that are wrong. */
export function refuseRequest(request: Request | null, problems: readonly Problem[], invocationId: string): Report {
  return refuse(newDraft(request, { runId: randomUUID(), invocationId }), problems);
}

async function answer(
  request: Request,
  manifest: Manifest,
  target: Target,
  context: RunContext,
  draft: Draft,
): Promise<Report> {
  if (request.command === "rollback" || request.command === "validate") {
    return refuse(draft, [notAvailable(request.command)]);
  }
  const { session, journal, exists } = await openSession(target, applicationName(context.runId));
  try {
    noteDatabase(draft, target, session.facts);
    const plan = survey(draft, manifest, journal);
    if (request.command === "status") return status(draft, plan);
    if (request.command === "list") return list(draft, plan);
    if (plan.problems.length > 0) return refuse(draft, plan.problems);
    if (plan.steps.length === 0) return finish(draft, "up_to_date");
    if (request.dryRun) return dryRun(draft, plan);
    return await runMigrations({ request, manifest, target, context, session, draft, hasJournal: exists });
  } finally {
    await session.connection.end().catch(() => {});
  }
}

/** Notes where everything stands before the command, and plans a run from there. */
function survey(draft: Draft, manifest: Manifest, journal: Journal): Plan {
  draft.before = takeInventory(manifest, journal);
  const plan = planRun(draft.before);
  draft.warnings.push(...plan.warnings);
  return plan;
}

function status(draft: Draft, plan: Plan): Report {
  draft.migrations = inventory(draft).flatMap((item) => (item.standing === "applied" ? [] : [describe(item)]));
  draft.warnings.push(...plan.problems);
  return finish(draft, plan.steps.length > 0 ? "pending" : "up_to_date");
}

function list(draft: Draft, plan: Plan): Report {
  draft.migrations = inventory(draft).map((item) => describe(item));
  draft.warnings.push(...plan.problems);
  return finish(draft, "listed");
}

function dryRun(draft: Draft, plan: Plan): Report {
  const versions = new Set(plan.steps.map(({ migration }) => migration.version));
  const items = inventory(draft).filter(({ version }) => versions.has(version));
  draft.migrations = items.map((item) => describe(item, "would_apply"));
  return finish(draft, "would_apply");
}

function inventory(draft: Draft): Inventory {
  return draft.before ?? [];
}

function newDraft(request: Request | null, ids: { readonly runId: string; readonly invocationId: string }): Draft {
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
  };
}

function failureOf(error: unknown): Failure {
  if (error instanceof MigrationError) return error.failure;
  const name = error instanceof Error ? error.name : typeof error;
  return {
    code: "INTERNAL_ERROR",
    message: `an error that should not happen: ${error instanceof Error ? error.message : String(error)}`,
    hint: "hj migrations status says what is applied. Please report this with the run id.",
    details: { name },
  };
}

function notAvailable(command: string): Problem {
  return {
    code: "NOT_AVAILABLE",
    field: "command",
    message: `${command} is not available yet in this build`,
    hint: "Available: status, run, list.",
  };
}
