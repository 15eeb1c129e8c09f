// A direct invocation: the event is the request, the answer is the report. Step Functions, EventBridge, `hj` and
// `aws lambda invoke` send these.
import type { Report } from "../../engine/report-schema.ts";
import { parseRequest } from "../../engine/request.ts";
import { reasonOf } from "../reason.ts";
import type { Trigger } from "../trigger.ts";

/** Takes every event, so that one which is nobody's is refused with what was expected; it has to be asked last. */
export const direct: Trigger = {
  name: "direct",
  recognises: () => true,
  read: (event) => {
    const request = parseRequest(event);
    return "problems" in request ? request : { request, runId: null, hop: 0 };
  },
  answer: (report, event) =>
    !report.ok && wantsException(event)
      ? { kind: "throw", error: new RunNotOk(report) }
      : { kind: "return", value: report, goesOn: report.outcome === "incomplete" },
};

/** Lambda passes name and message of an error on to the caller, and nothing else of it. */
class RunNotOk extends Error {
  override readonly name = "RunNotOk";

  constructor(report: Report) {
    super(reasonOf(report));
  }
}

// Asked for even in an event that is wrong elsewhere.
function wantsException(event: unknown): boolean {
  return typeof event === "object" && event !== null && "throwOnFailure" in event && event.throwOnFailure === true;
}
