// A CodeDeploy lifecycle hook, of the Lambda or the ECS platform. The answer is a call back, within the hour:
// https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
import * as z from "zod/mini";
import { decisionFor } from "../decision.ts";
import { handOver, resumed, resumeSchema, runIdFrom } from "../hand-over.ts";
import { requestFromText } from "../hook-command.ts";
import { reasonOf } from "../reason.ts";
import type { Trigger } from "../trigger.ts";

// Loose: what AWS adds one day is no reason to let a deployment hang for an hour.
const schema = z.looseObject({
  DeploymentId: z.string(),
  LifecycleEventHookExecutionId: z.string(),
  resume: resumeSchema,
});

export const codedeploy: Trigger = {
  name: "codedeploy",
  answersTo: "codedeploy",
  recognises: (event) => schema.safeParse(event).success,
  read: (event, { hookCommand }) => {
    const { DeploymentId, LifecycleEventHookExecutionId, resume } = schema.parse(event);
    const request = requestFromText(hookCommand, "HELLOJOHN_HOOK_COMMAND", resume?.continuation ?? null);
    if ("problems" in request) return request;
    const runId = runIdFrom("codedeploy", DeploymentId, LifecycleEventHookExecutionId);
    return { request, runId, ...resumed(resume) };
  },
  answer: (report, event, delivery) => {
    const hook = schema.parse(event);
    const decision = decisionFor(report);
    if (decision === "leave") return { kind: "leave", reason: reasonOf(report) };
    const status = decision === "go" ? "Succeeded" : "Failed";
    const { DeploymentId: deploymentId, LifecycleEventHookExecutionId: lifecycleEventHookExecutionId } = hook;
    return handOver(report, hook, delivery, {
      call: { to: "codedeploy", input: { deploymentId, lifecycleEventHookExecutionId, status } },
      summary: `${status}: ${reasonOf(report)}`,
      byHand: `Give it by hand, or the deployment waits for an hour: aws deploy put-lifecycle-event-hook-execution-status --deployment-id ${deploymentId} --lifecycle-event-hook-execution-id ${lifecycleEventHookExecutionId} --status ${status}`,
    });
  },
};
