// Goes on with a run that its deadline cut, as long as each invocation gets further. Knows no transport.

import { doneIn, mergeReports } from "../engine/merge-reports.ts";
import type { Report } from "../engine/report-schema.ts";
import type { NoReport } from "./no-report.ts";

/** Sends one event and returns its report, or why there is none. */
export type Ask = (event: object) => Promise<Report | NoReport>;

/** What a run came to: at least one of both. Both: some invocations answered, and the one after them did not. */
export interface Ending {
  readonly report: Report | null;
  readonly noReport: NoReport | null;
}

/**
 * One report over all invocations. The engine ends a chain that makes no progress itself; an answer that says
 * `incomplete` and names nothing done is left to the person.
 */
export async function invokeToTheEnd(event: object, ask: Ask): Promise<Ending> {
  let next = await ask(event);
  if (!isReport(next)) return { report: null, noReport: next };
  let report = next;
  while (next.outcome === "incomplete" && hasProgressed(next)) {
    const answer: Report | NoReport = await ask({ ...event, continuation: next.continuation });
    if (!isReport(answer)) return { report, noReport: answer };
    report = mergeReports(report, answer);
    next = answer;
  }
  return { report, noReport: null };
}

function hasProgressed(report: Report): boolean {
  return doneIn(report).length > 0 || report.migrations.some(({ status }) => status === "started");
}

/** Tells the two answers apart. */
export function isReport(answer: Report | NoReport): answer is Report {
  return "outcome" in answer;
}
