// Goes on after a connection was lost in the middle of the work: says nothing that was not read again. The work itself
// is given.
import type { Continuation } from "./continuation.ts";
import { findItem } from "./inventory.ts";
import { mergeReports } from "./merge-reports.ts";
import { type Draft, describe } from "./report.ts";
import type { MigrationReport, Report } from "./report-schema.ts";
import type { Request } from "./request.ts";
import type { RunContext } from "./run-context.ts";

/** A report, and what is known behind it. */
export interface Served {
  readonly report: Report;
  readonly draft: Draft;
}

/** Serves a request on a connection of its own. */
export type ServeOnce = (request: Request, context: RunContext) => Promise<Served>;

/** A network that breaks that often is somebody's to mend. */
const MAXIMUM_LEGS = 5;

/**
 * Connects again for as long as each connection gets further: takes the lock again, which the old backend keeps until it
 * is done, reads the journal and plans anew. A migration that costs the connection twice is not tried a third time: it may be
 * what breaks the server. Nor is anything done again by a session that somebody ended.
 */
export async function throughLosses(request: Request, context: RunContext, serveOnce: ServeOnce): Promise<Report> {
  let served = await serveOnce(request, context);
  let { report } = served;
  let lastLost: string | null = null;
  for (let leg = 1; leg <= MAXIMUM_LEGS; leg++) {
    const lost = lostAt(report);
    if (lost === null || lost === lastLost || !isRepeatable(request) || context.signal.aborted) return report;
    lastLost = lost;
    if (wasTerminated(report)) {
      const look = await serveOnce({ ...request, dryRun: true }, { ...context, leg });
      const { serverStart } = look.draft;
      if (serverStart !== null && serverStart === served.draft.serverStart) return ended(withFates(report, look.draft));
    }
    const next = await serveOnce(goOn(request, served.draft.continuation), { ...context, leg });
    if (!isKnown(next)) return report;
    report = mergeReports(withFates(report, next.draft), next.report);
    served = next;
  }
  return report;
}

/** The migration that was under way, or "" when none was; null for a report of something else. */
function lostAt(report: Report): string | null {
  if (report.outcome !== "failed" || report.failure.code !== "CONNECTION_LOST") return null;
  const { version } = report.failure.details;
  return typeof version === "string" ? version : "";
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html, admin_shutdown: a restart, or somebody's decision. */
function wasTerminated(report: Report): boolean {
  return report.outcome === "failed" && report.failure.details["sqlState"] === "57P01";
}

/** The server has been there all the time: somebody ended this session, and a run that comes back would defy them. */
function ended(report: Report): Report {
  if (report.outcome !== "failed") return report;
  const message = `${report.failure.message}: an administrator ended the session (hj migrations unlock, pg_terminate_backend)`;
  const hint = "What was applied stays applied. Run again to go on.";
  return { ...report, failure: { ...report.failure, message, hint } };
}

function isRepeatable({ command, dryRun }: Request): boolean {
  return !dryRun && (command === "run" || command === "rollback");
}

/** What it had begun, not what would be the newest by now: a rollback would take back one batch more. */
function goOn(request: Request, continuation: Continuation | null): Request {
  return continuation !== null && (request.command === "run" || request.command === "rollback")
    ? { ...request, continuation }
    : request;
}

/** The journal was read with the lock in hand, or there was nothing to take it for, and at most the schema to look at. */
function isKnown({ report, draft }: Served): boolean {
  const isCut = report.outcome === "failed" && report.failure.code !== "SCHEMA_MISMATCH";
  return draft.before !== null && (draft.hadLock || !isCut);
}

/** What was in doubt is told as the journal has it now. What the new connection does again is told by its own report. */
function withFates(report: Report, { before }: Draft): Report {
  const fate = (migration: MigrationReport): MigrationReport => {
    const item = findItem(before ?? [], migration.version);
    if (migration.status !== "in_doubt" || item === undefined) return migration;
    const isDone = report.command === "run" ? item.standing === "applied" : item.standing === "pending";
    if (!isDone) return migration;
    const { durationMs = 0, attempts = 1 } = migration;
    return { ...describe(item, report.command === "run" ? "applied" : "rolled_back"), durationMs, attempts };
  };
  return { ...report, migrations: report.migrations.map(fate) };
}
