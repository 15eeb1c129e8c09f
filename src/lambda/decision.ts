// What a report means for a caller that waits for a go or a stop. Pure.
import type { Report } from "../engine/report-schema.ts";
import { POLICY, type Policy } from "../failure/policy.ts";

/**
 * `go`: the deploy goes on. `stop`: it does not. `come_back`: neither yet. `leave`: another invocation of the same event
 * is at work and will say.
 */
export type Decision = "go" | "stop" | "come_back" | "leave";

export function decisionFor(report: Report): Decision {
  if (report.ok) return "go";
  if (report.outcome === "incomplete") return "come_back";
  return report.outcome === "failed" ? policyOf(report.failure.code).whileBusy : "stop";
}

/** CodePipeline's word for what kind of failure it was. */
export function jobFailureType(report: Report): Policy["jobFailure"] {
  if (report.outcome === "failed") return policyOf(report.failure.code).jobFailure;
  if (report.outcome !== "refused") return "JobFailed";
  const types = new Set(report.problems.map(({ code }) => policyOf(code).jobFailure));
  return types.has("ConfigurationError") ? "ConfigurationError" : "JobFailed";
}

/** Codes come as text out of a report; every one that this build writes has a row. */
function policyOf(code: string): Policy {
  return POLICY[code as keyof typeof POLICY];
}
