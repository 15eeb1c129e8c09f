// An invoke action of CodePipeline. The event holds credentials of the pipeline: nothing here passes it on.
// https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-invoke-lambda-function.html
import * as z from "zod/mini";
import { notThrough } from "../../engine/not-through.ts";
import type { Report } from "../../engine/report-schema.ts";
import { decisionFor, jobFailureType } from "../decision.ts";
import { continuationOf, runIdFrom } from "../hand-over.ts";
import { requestFromText } from "../hook-command.ts";
import { reasonOf } from "../reason.ts";
import type { Answer, Delivery, Trigger } from "../trigger.ts";

const schema = z.looseObject({
  "CodePipeline.job": z.looseObject({
    id: z.string(),
    data: z.looseObject({
      actionConfiguration: z.looseObject({
        configuration: z.looseObject({ UserParameters: z.optional(z.nullable(z.string())) }),
      }),
      continuationToken: z.optional(z.nullable(z.string())),
    }),
  }),
});

// https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PutJobSuccessResult.html
const MAXIMUM_TOKEN = 2_048;
const MAXIMUM_SUMMARY = 2_048;
const MAXIMUM_MESSAGE = 5_000;

export const codepipeline: Trigger = {
  name: "codepipeline",
  answersTo: "codepipeline",
  recognises: (event) => schema.safeParse(event).success,
  read: (event, { hookCommand }) => {
    const { id, parameters, hop, continuation } = jobOf(event);
    const request =
      parameters === ""
        ? requestFromText(hookCommand, "HELLOJOHN_HOOK_COMMAND", continuation)
        : requestFromText(parameters, "UserParameters", continuation);
    return "problems" in request ? request : { request, runId: runIdFrom("codepipeline", id), hop };
  },
  answer: (report, event, delivery) => {
    const { id, hop } = jobOf(event);
    const decision = decisionFor(report);
    if (decision === "leave") return { kind: "leave", reason: reasonOf(report) };
    if (decision === "go") return success(id, report, delivery, { outputVariables: variablesOf(report) });
    const continuation = continuationOf(report);
    const continuationToken = continuation === null ? null : `${hop + 1}.${continuation}`;
    return continuationToken === null || continuationToken.length > MAXIMUM_TOKEN
      ? failure(id, report, delivery)
      : success(id, report, delivery, { continuationToken });
  },
};

/** A job that goes on has another id, and says which invocation it is in its token. */
function jobOf(event: unknown) {
  const { id, data } = schema.parse(event)["CodePipeline.job"];
  const parameters = (data.actionConfiguration.configuration.UserParameters ?? "").trim();
  const [, hop, continuation] = /^(\d{1,6})\.(.*)$/s.exec(data.continuationToken ?? "") ?? [];
  return { id, parameters, hop: Number(hop ?? 0), continuation: continuation ?? null };
}

/** Output variables and a token exclude each other. */
function success(
  jobId: string,
  report: Report,
  { invocationId }: Delivery,
  rest: { readonly continuationToken: string } | { readonly outputVariables: Record<string, string> },
): Answer {
  const executionDetails = { summary: reasonOf(report, MAXIMUM_SUMMARY), externalExecutionId: invocationId };
  return {
    kind: "deliver",
    call: { to: "codepipeline", operation: "success", input: { jobId, executionDetails, ...rest } },
    summary: `${"continuationToken" in rest ? "to be continued" : "success"}: ${reasonOf(report)}`,
    goesOn: "continuationToken" in rest,
    // Without its token the command would let the pipeline go on past migrations that are not done.
    byHand: `Give it by hand, or the action waits until it times out: aws codepipeline put-job-success-result --job-id ${jobId}${"continuationToken" in rest ? ` --continuation-token ${rest.continuationToken}` : ""}`,
  };
}

function failure(jobId: string, report: Report, { invocationId }: Delivery): Answer {
  const type = jobFailureType(report);
  const message = reasonOf(report, MAXIMUM_MESSAGE);
  return {
    kind: "deliver",
    call: {
      to: "codepipeline",
      operation: "failure",
      input: { jobId, failureDetails: { type, message, externalExecutionId: invocationId } },
    },
    summary: `${type}: ${reasonOf(report)}`,
    byHand: `Give it by hand, or the action waits until it times out: aws codepipeline put-job-failure-result --job-id ${jobId} --failure-details type=${type},message=failed`,
  };
}

/** For later actions of the pipeline, under the action's namespace. */
function variablesOf(report: Report): Record<string, string> {
  const applied = report.migrations.filter(({ status }) => status === "applied").length;
  return {
    Outcome: report.outcome,
    AppliedCount: String(applied),
    PendingCount: String(notThrough(report)),
    SchemaVersion: report.schemaVersion.after ?? "none",
    RunId: report.runId,
  };
}
