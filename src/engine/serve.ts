// Serves one request against one target and always returns a report. The one place where every error ends.
import { randomUUID } from "node:crypto";
import { type Failure, MigrationError } from "../failure/failure.ts";
import type { Problem } from "../failure/problem.ts";
import type { Manifest } from "../migration/manifest.ts";
import { adopt } from "./commands/adopt.ts";
import { resolve } from "./commands/resolve.ts";
import { rollback } from "./commands/rollback.ts";
import { run } from "./commands/run.ts";
import { holderAtWork, list, status } from "./commands/status.ts";
import { unlock } from "./commands/unlock.ts";
import { validate } from "./commands/validate.ts";
import { fitReport } from "./fit-report.ts";
import { takeInventory } from "./inventory.ts";
import { applicationName, openSession } from "./open-session.ts";
import { type Served, throughLosses } from "./reconnect.ts";
import { type Draft, fail, newDraft, noteDatabase, refuse } from "./report.ts";
import type { Report } from "./report-schema.ts";
import type { Request } from "./request.ts";
import type { RunContext } from "./run-context.ts";
import type { Target } from "./target.ts";
import { prepare, type Work } from "./work.ts";

/** Never throws: what goes wrong is in the report. */
export async function serve(
  request: Request,
  manifest: Manifest,
  target: Target,
  context: RunContext,
): Promise<Report> {
  const report = await throughLosses(request, context, (again, leg) => serveOnce(again, manifest, target, leg));
  return fitReport(report);
}

async function serveOnce(request: Request, manifest: Manifest, target: Target, context: RunContext): Promise<Served> {
  const draft = newDraft(request, context);
  try {
    return { report: await answer(request, manifest, target, context, draft), draft };
  } catch (error) {
    return { report: fail(draft, failureOf(error)), draft };
  }
}

/** The report of a request that did not come to an end before its invocation does. */
export function reportOverdue(
  request: Request,
  ids: { readonly runId: string; readonly invocationId: string },
): Report {
  return fail(newDraft(request, ids), {
    code: "NO_REPORT_IN_TIME",
    message: "the work did not come to an end before the time of this invocation was used up",
    hint: "What it did is not known here. hj migrations status says; run again to go on.",
    details: {},
  });
}

/** The report of a request that never reached the engine: an event or settings that are wrong. */
export function refuseRequest(request: Request | null, problems: readonly Problem[], invocationId: string): Report {
  return fitReport(refuse(newDraft(request, { runId: randomUUID(), invocationId }), problems));
}

async function answer(
  request: Request,
  manifest: Manifest,
  target: Target,
  context: RunContext,
  draft: Draft,
): Promise<Report> {
  const grantedMs = context.remainingMs();
  const opened = await openSession(target, applicationName(context), context);
  if ("problems" in opened) return refuse(draft, opened.problems);
  const { session, journal, exists: hasJournal } = opened;
  try {
    noteDatabase(draft, target, session);
    draft.warnings.push(...opened.warnings);
    const inventory = takeInventory(manifest, journal);
    draft.before = inventory;
    return await command(request, {
      grantedMs,
      manifest,
      target,
      context,
      session,
      draft,
      journal,
      hasJournal,
      inventory,
    });
  } finally {
    // Nobody waits for the server to hang up, which takes it as long as ten questions: the run lock was given back.
    session.connection.end().catch(() => {});
  }
}

async function command(request: Request, work: Work): Promise<Report> {
  switch (request.command) {
    case "status":
      return status(work, await holderAtWork(work));
    case "list":
      return list(work);
    case "adopt":
      return adopt(await prepare(work), request);
    case "validate":
      return validate(work);
    case "run":
      return run(work, request);
    case "rollback":
      return rollback(await prepare(work), request);
    case "resolve":
      return resolve(work, request);
    case "unlock":
      return unlock(await prepare(work), request);
  }
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
