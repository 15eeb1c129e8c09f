// What the function writes to its log: one line of JSON for each invocation, which CloudWatch also reads metrics from.
// Never an event: CodePipeline's holds credentials.
import type { Report } from "../engine/report-schema.ts";
import { reasonOf } from "./reason.ts";

/** What is told of an invocation besides its report. */
export interface Told {
  readonly trigger: string;
  /** Null outside of AWS. */
  readonly functionArn: string | null;
  readonly lockWaitMs: number;
  /** Milliseconds of the Unix epoch. */
  readonly now: number;
  /** How the answer went. */
  readonly answer: string;
  /** Another invocation is at work or will be: what this one did not do is no failure yet. */
  readonly goesOn: boolean;
}

const NAMESPACE = "HelloJohn/Migrations";
const METRICS = [
  { Name: "Applied", Unit: "Count" },
  { Name: "Pending", Unit: "Count" },
  { Name: "Failed", Unit: "Count" },
  { Name: "DurationMs", Unit: "Milliseconds" },
  { Name: "LockWaitMs", Unit: "Milliseconds" },
];

/**
 * In the embedded metric format
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html):
 * CloudWatch makes metrics of the fields that `_aws` names, and the rest can be searched for.
 */
export function logLine(report: Report, told: Told): object {
  const done = report.migrations.filter(({ status }) => status === "applied").length;
  return {
    _aws: {
      Timestamp: told.now,
      CloudWatchMetrics: [{ Namespace: NAMESPACE, Dimensions: [["FunctionName"]], Metrics: METRICS }],
    },
    // arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]
    FunctionName: told.functionArn?.split(":")[6] ?? "none",
    Applied: report.command === "run" && !report.dryRun ? done : 0,
    Pending: report.counts.pending,
    Failed: report.ok || told.goesOn ? 0 : 1,
    DurationMs: report.durationMs,
    LockWaitMs: Math.round(told.lockWaitMs),
    level: report.ok || told.goesOn ? "INFO" : "ERROR",
    message: reasonOf(report),
    trigger: told.trigger,
    answer: told.answer,
    command: report.command,
    outcome: report.outcome,
    ...(report.outcome === "failed" && { failure: report.failure.code }),
    ...(report.outcome === "refused" && { problems: report.problems.map(({ code }) => code) }),
    runId: report.runId,
    invocationId: report.invocationId,
    schemaVersion: report.schemaVersion.after,
  };
}
