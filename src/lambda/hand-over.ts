// A run that needs more than one invocation, for callers that call only once: the function invokes itself. Pure.
import { createHash } from "node:crypto";
import * as z from "zod/mini";
import { encodeContinuation } from "../engine/continuation.ts";
import type { Report } from "../engine/report-schema.ts";
import { decisionFor } from "./decision.ts";
import type { Answer, Deliverable, Delivery } from "./trigger.ts";

/** What an event carries that this function has sent to itself. */
export interface Resume {
  /** Which invocation of the run it is; the first one, which nothing has sent, is 0. */
  readonly hop: number;
  readonly continuation: string;
  /** When the first invocation answered, in milliseconds of the Unix epoch. */
  readonly startedAt: number;
}

/**
 * Half of what Lambda allows: it stops functions that go round about 16 times
 * (https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html).
 */
const MAXIMUM_HOPS = 8;

/** Both CodeDeploy and CloudFormation give up an hour after they have called, if nobody says otherwise. */
const CALLER_WAITS_MS = 60 * 60_000;

/** Of which this much is kept for the first event's way through Lambda's queue and for the answer. */
const KEPT_MS = 2 * 60_000;

/** A last invocation is called only while there is time for it to do something. */
const WORTH_AN_INVOCATION_MS = 3 * 60_000;

export const resumeSchema = z.optional(
  z.strictObject({
    hop: z.int().check(z.minimum(1), z.maximum(MAXIMUM_HOPS)),
    continuation: z.string().check(z.maxLength(100_000)),
    startedAt: z.number(),
  }),
);

/** What an invocation has to know that goes on with a run: which one it is, and until when the caller waits. */
export function resumed(
  resume: Resume | undefined,
  callerWaitsMs = CALLER_WAITS_MS,
): { readonly hop: number; readonly endsAt?: number } {
  return resume === undefined ? { hop: 0 } : { hop: resume.hop, endsAt: resume.startedAt + callerWaitsMs - KEPT_MS };
}

/**
 * For a run that is not done and can go on: the same event again, to this function. `final` is the answer to the caller
 * when it is done, when this is the last invocation that may be, when the caller will not wait for another one, and when
 * the next one cannot be called: else nobody would answer.
 */
export function handOver(
  report: Report,
  event: { readonly resume?: Resume | undefined },
  { functionArn, now }: Delivery,
  final: Deliverable,
  callerWaitsMs = CALLER_WAITS_MS,
): Answer {
  const continuation = continuationOf(report);
  const hop = (event.resume?.hop ?? 0) + 1;
  const startedAt = event.resume?.startedAt ?? Date.parse(report.startedAt);
  const isTooLate = now - startedAt > callerWaitsMs - KEPT_MS - WORTH_AN_INVOCATION_MS;
  if (continuation === null || functionArn === null || hop > MAXIMUM_HOPS || isTooLate)
    return { kind: "deliver", ...final };
  return {
    kind: "deliver",
    call: { to: "itself", functionArn, event: { ...event, resume: { hop, continuation, startedAt } } },
    summary: `goes on in invocation ${hop + 1}`,
    byHand: "Deploy again: the next run goes on where this one stopped.",
    goesOn: true,
    otherwise: final,
  };
}

/** How a run goes on that is not done: its own continuation, or from the start where it never got hold of the lock. */
export function continuationOf(report: Report): string | null {
  if (report.outcome === "incomplete") return report.continuation;
  if (report.command !== "run" || decisionFor(report) !== "come_back") return null;
  return encodeContinuation({ command: "run", runId: report.runId, batches: [] });
}

/** One id for every delivery of one event: Lambda delivers asynchronous events at least once. */
export function runIdFrom(...identity: readonly string[]): string {
  const hex = createHash("sha256").update(JSON.stringify(identity)).digest("hex");
  // Version 8, made by a rule of one's own: https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}
