// A direct invocation: the event is the request, the answer is the report.
import type { Report } from "../../engine/report-schema.ts";
import { parseRequest } from "../../engine/request.ts";
import type { Trigger } from "../trigger.ts";

/** Takes every event, so that one which is nobody's is refused with what was expected; it has to be asked last. */
export const direct: Trigger = {
  recognises: () => true,
  requestOf: parseRequest,
  answer: (report, event) => {
    if (!report.ok && wantsException(event)) throw new RunNotOk(report);
    return report;
  },
};

/** Lambda passes name and message of an error on to the caller, and nothing else of it. */
class RunNotOk extends Error {
  override readonly name = "RunNotOk";

  constructor(report: Report) {
    super(`${report.outcome}: ${reasonOf(report)} (run ${report.runId})`);
  }
}

function reasonOf(report: Report): string {
  if (report.outcome === "failed") return `${report.failure.message}. ${report.failure.hint}`;
  if (report.outcome !== "refused") return "send the same event with the continuation of the report to go on";
  return report.problems
    .map(({ field, message }) => (field === undefined ? message : `${field} ${message}`))
    .join("; ");
}

// Asked for even in an event that is wrong elsewhere.
function wantsException(event: unknown): boolean {
  return typeof event === "object" && event !== null && "throwOnFailure" in event && event.throwOnFailure === true;
}
