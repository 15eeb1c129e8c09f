// A custom resource of CloudFormation. The answer is a PUT to the event's own URL:
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
import * as z from "zod/mini";
import type { Report } from "../../engine/report-schema.ts";
import type { Problem } from "../../failure/problem.ts";
import { decisionFor } from "../decision.ts";
import { handOver, resumed, resumeSchema, runIdFrom } from "../hand-over.ts";
import { requestFromText } from "../hook-command.ts";
import { reasonOf } from "../reason.ts";
import type { Answer, Deliverable, Trigger } from "../trigger.ts";

// Whatever a template puts there: a list or a map is no reason to let a stack hang for an hour.
const properties = z.looseObject({ ManifestHash: z.optional(z.unknown()) });
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

const MAXIMUM_REASON = 1_000;

/** The whole answer may have 4,096 bytes, of which a physical id of somebody else's may take a quarter. */
const MAXIMUM_REASON_BYTES = 2_000;

export const cloudformation: Trigger = {
  name: "cloudformation",
  answersTo: "cloudformation",
  recognises: (event) => schema.safeParse(event).success,
  read: (event, { hookCommand, manifestHash }) => {
    const resource = schema.parse(event);
    const { RequestType, StackId, RequestId, resume } = resource;
    if (RequestType === "Delete") return nothingToDo(resource, "migrations are never deleted");
    const [wanted, before] = [resource.ResourceProperties?.ManifestHash, resource.OldResourceProperties?.ManifestHash];
    // A stack that is rolled back asks for what was there before, of a function that may be the new one still.
    if (wanted !== manifestHash && before === manifestHash)
      return nothingToDo(resource, "the stack goes back from this build's migrations");
    if (wanted !== manifestHash) return { problems: [otherBuild(wanted, manifestHash)] };
    const request = requestFromText(hookCommand, "HELLOJOHN_HOOK_COMMAND", resume?.continuation ?? null);
    if ("problems" in request) return request;
    return { request, runId: runIdFrom("cloudformation", StackId, RequestId), ...resumed(resume, timeoutOf(resource)) };
  },
  answer: (report, event, delivery) => {
    const resource = schema.parse(event);
    const decision = decisionFor(report);
    if (decision === "leave") return { kind: "leave", reason: reasonOf(report) };
    const final = response(resource, decision === "go" ? "SUCCESS" : "FAILED", fittingReason(report), {
      Outcome: report.outcome,
      RunId: report.runId,
      SchemaVersion: report.schemaVersion.after ?? "none",
    });
    return handOver(report, resource, delivery, final, timeoutOf(resource));
  },
};

/**
 * In milliseconds; undefined for CloudFormation's own hour. A template's numbers arrive as text:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html
 */
function timeoutOf({ ResourceProperties }: ResourceEvent): number | undefined {
  const seconds = Number(ResourceProperties?.["ServiceTimeout"]);
  return Number.isInteger(seconds) && seconds >= 1 && seconds <= 3_600 ? seconds * 1_000 : undefined;
}

function fittingReason(report: Report): string {
  for (let limit = MAXIMUM_REASON; ; limit -= 50) {
    const reason = reasonOf(report, limit);
    if (Buffer.byteLength(JSON.stringify(reason)) <= MAXIMUM_REASON_BYTES) return reason;
  }
}

function nothingToDo(event: ResourceEvent, why: string): Answer {
  return { kind: "deliver", ...response(event, "SUCCESS", `Nothing to do: ${why}`) };
}

function response(event: ResourceEvent, Status: "SUCCESS" | "FAILED", Reason: string, Data: object = {}): Deliverable {
  const { StackId, RequestId, LogicalResourceId } = event;
  const PhysicalResourceId = event.PhysicalResourceId ?? PHYSICAL_ID;
  const body = { Status, Reason, PhysicalResourceId, StackId, RequestId, LogicalResourceId, Data };
  return {
    call: { to: "cloudformation", url: event.ResponseURL, body: JSON.stringify(body) },
    summary: `${Status}: ${Reason}`,
    byHand: `Give it by hand, or the stack waits for up to an hour: PUT ${JSON.stringify({ ...body, Data: {} })} to the ResponseURL of request ${RequestId}, or cancel the update.`,
  };
}

function otherBuild(wanted: unknown, own: string | null): Problem {
  const hash = (value: unknown) =>
    typeof value === "string" && value !== "" ? value.slice(0, 12) : value == null || value === "" ? "none" : "no text";
  return {
    code: "INVALID_EVENT",
    field: "ResourceProperties.ManifestHash",
    message: `is ${hash(wanted)}, and this build's is ${hash(own)}`,
    hint: "Deploy the function first, and give the resource the hash that its build printed.",
  };
}
