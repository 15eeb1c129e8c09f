// A custom resource of CloudFormation. The answer is a PUT to the event's own URL:
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
import * as z from "zod/mini";
import type { Problem } from "../../failure/problem.ts";
import { decisionFor } from "../decision.ts";
import { handOver, resumeSchema, runIdFrom } from "../hand-over.ts";
import { requestFromText } from "../hook-command.ts";
import { reasonOf } from "../reason.ts";
import type { Answer, Trigger } from "../trigger.ts";

const properties = z.looseObject({ ManifestHash: z.optional(z.string()) });
const schema = z.looseObject({
  RequestType: z.enum(["Create", "Update", "Delete"]),
  ResponseURL: z.url(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  PhysicalResourceId: z.optional(z.string()),
  ResourceProperties: z.optional(properties),
  OldResourceProperties: z.optional(properties),
  resume: resumeSchema,
});

type ResourceEvent = z.infer<typeof schema>;

/** Stable: CloudFormation takes a changed one for another resource, and sends a Delete for the first. */
const PHYSICAL_ID = "hellojohn-migrations";

/** The whole answer may have 4,096 bytes. */
const MAXIMUM_REASON = 1_000;

export const cloudformation: Trigger = {
  name: "cloudformation",
  answersTo: "cloudformation",
  recognises: (event) => schema.safeParse(event).success,
  read: (event, { hookCommand, manifestHash }) => {
    const resource = schema.parse(event);
    const { RequestType, StackId, RequestId, resume } = resource;
    if (RequestType === "Delete") return respond(resource, "SUCCESS", "Nothing to do: migrations are never deleted");
    const [wanted, before] = [resource.ResourceProperties?.ManifestHash, resource.OldResourceProperties?.ManifestHash];
    // A stack that is rolled back asks for what was there before, of a function that may be the new one still.
    if (wanted !== manifestHash && before === manifestHash)
      return respond(resource, "SUCCESS", "Nothing to do: the stack goes back from this build's migrations");
    if (wanted !== manifestHash) return { problems: [otherBuild(wanted, manifestHash)] };
    const request = requestFromText(hookCommand, "HELLOJOHN_HOOK_COMMAND", resume?.continuation ?? null);
    if ("problems" in request) return request;
    return { request, runId: runIdFrom("cloudformation", StackId, RequestId), hop: resume?.hop ?? 0 };
  },
  answer: (report, event, delivery) => {
    const resource = schema.parse(event);
    const decision = decisionFor(report);
    if (decision === "leave") return { kind: "leave", reason: reasonOf(report) };
    const onward = handOver(report, resource, delivery);
    if (onward !== null) return onward;
    return respond(resource, decision === "go" ? "SUCCESS" : "FAILED", reasonOf(report, MAXIMUM_REASON), {
      Outcome: report.outcome,
      RunId: report.runId,
      SchemaVersion: report.schemaVersion.after ?? "none",
    });
  },
};

function respond(event: ResourceEvent, Status: "SUCCESS" | "FAILED", Reason: string, Data: object = {}): Answer {
  const { StackId, RequestId, LogicalResourceId } = event;
  const PhysicalResourceId = event.PhysicalResourceId ?? PHYSICAL_ID;
  const body = { Status, Reason, PhysicalResourceId, StackId, RequestId, LogicalResourceId, Data };
  return {
    kind: "deliver",
    call: { to: "cloudformation", url: event.ResponseURL, body: JSON.stringify(body) },
    summary: `${Status}: ${Reason}`,
    byHand: `Give it by hand, or the stack waits for up to an hour: PUT ${JSON.stringify({ ...body, Data: {} })} to the ResponseURL of request ${RequestId}, or cancel the update.`,
  };
}

function otherBuild(wanted: string | undefined, own: string | null): Problem {
  const hash = (text: string | null | undefined) => (text ? text.slice(0, 12) : "none");
  return {
    code: "INVALID_EVENT",
    field: "ResourceProperties.ManifestHash",
    message: `is ${hash(wanted)}, and this build's is ${hash(own)}`,
    hint: "Deploy the function first, and give the resource the hash that its build printed.",
  };
}
