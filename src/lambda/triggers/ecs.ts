// A lifecycle hook of ECS's own blue/green, linear and canary deployments. The answer is the return value:
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/lambda-lifecycle-hooks.html
import * as z from "zod/mini";
import { parseRequest, type Request } from "../../engine/request.ts";
import type { Refusal } from "../../failure/problem.ts";
import { decisionFor } from "../decision.ts";
import { continuationOf } from "../hand-over.ts";
import { requestFromText } from "../hook-command.ts";
import { reasonOf } from "../reason.ts";
import type { Trigger } from "../trigger.ts";

const details = z.looseObject({ serviceArn: z.string(), targetServiceRevisionArn: z.string() });
// Of any kind: what a service puts there is refused in ECS's own words, and by its name.
const hookDetails = z.optional(z.unknown());

// Documented first with the details beside the stage, and since with the details in a field of their own.
const schema = z.union([
  z.looseObject({ lifecycleStage: z.string(), executionDetails: details, hookDetails }),
  z.looseObject({ lifecycleStage: z.string(), ...details.shape, hookDetails }),
]);

/**
 * Where only the old version is serving and the new one is not yet there. Of these none is invoked again when a
 * deployment is rolled back; of the later ones some are.
 */
const SAFE_STAGES: readonly string[] = ["RECONCILE_SERVICE", "PRE_SCALE_UP", "POST_SCALE_UP"];

/** Where the old version serves nothing any more; it is not invoked again when a deployment is rolled back. */
const CONTRACT_STAGE = "POST_PRODUCTION_TRAFFIC_SHIFT";

/** ECS asks again after so many seconds. A busy lock or a rest of migrations rarely takes less. */
const CALL_BACK_DELAY_S = 15;

export const ecs: Trigger = {
  name: "ecs",
  recognises: (event) => schema.safeParse(event).success,
  read: (event, { hookCommand }) => {
    const hook = schema.parse(event);
    const request = requestOf(hook.hookDetails ?? {}, hookCommand);
    if ("problems" in request) return request;
    const asked = { runId: null, hop: 0 };
    if (isAllowed(request, hook.lifecycleStage)) return { request, ...asked };
    return { request: { command: "status", dryRun: false }, ...asked };
  },
  answer: (report, event) => {
    const { lifecycleStage } = schema.parse(event);
    const isAtWork = SAFE_STAGES.includes(lifecycleStage) || (report.command === "run" && !report.dryRun);
    const only = isAtWork ? "" : `${lifecycleStage} only looks: `;
    const reason = `${only}${reasonOf(report)}`;
    switch (decisionFor(report)) {
      case "go":
        return { kind: "return", value: { hookStatus: "SUCCEEDED", reason } };
      case "stop":
        return { kind: "return", value: { hookStatus: "FAILED", reason } };
      default: {
        // Merged by ECS into what the hook is given the next time.
        const continuation = continuationOf(report);
        const next = continuation === null ? {} : { hookDetails: { continuation } };
        return {
          kind: "return",
          goesOn: true,
          value: { hookStatus: "IN_PROGRESS", callBackDelay: CALL_BACK_DELAY_S, ...next, reason },
        };
      }
    }
  },
};

/** The hook's own details are an event, where they hold a command. */
function requestOf(given: unknown, hookCommand: string): Request | Refusal {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    return { problems: [{ code: "INVALID_EVENT", field: "hookDetails", message: "is no JSON object" }] };
  if ("command" in given) return parseRequest(given);
  const { continuation, ...others }: { continuation?: unknown } = given;
  if (Object.keys(others).length > 0) return parseRequest(given);
  return requestFromText(hookCommand, "HELLOJOHN_HOOK_COMMAND", typeof continuation === "string" ? continuation : null);
}

function isAllowed(request: Request, stage: string): boolean {
  if (SAFE_STAGES.includes(stage) || isReading(request)) return true;
  return stage === CONTRACT_STAGE && request.command === "run" && request.phase === "contract";
}

function isReading({ command, dryRun }: Request): boolean {
  return dryRun || command === "status" || command === "list" || command === "validate";
}
