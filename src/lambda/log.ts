// What the function writes to its log: one line of JSON for each invocation, which CloudWatch also reads metrics from, and
// one every few seconds while it goes on. Never an event: CodePipeline's holds credentials.
import { describeProgress } from "../engine/describe-progress.ts";
import { notThrough } from "../engine/not-through.ts";
import type { Report } from "../engine/report-schema.ts";
import type { Progress } from "../engine/run-context.ts";
import { reasonOf } from "./reason.ts";

/** Logs that are read while a deploy waits: often enough to see it go on, seldom enough to read. */
const PROGRESS_EVERY_MS = 5_000;

/** Passes on what is new, at most every five seconds, and always the first. `now` is in milliseconds. */
export function progressLog(log: (line: object) => void, now: () => number): (progress: Progress) => void {
  let lastAt = Number.NEGATIVE_INFINITY;
  let last = "";
  return (progress) => {
    const message = describeProgress(progress);
    if (message === last || now() - lastAt < PROGRESS_EVERY_MS) return;
    [last, lastAt] = [message, now()];
    log({ level: "INFO", progress: progress.kind, message });
  };
}

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
    Pending: notThrough(report),
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
