// The handler, made from settings and a manifest: what Lambda runs and what the command line runs.
// It reads no environment and knows no caller by name.
import { randomUUID } from "node:crypto";
import { createConnector } from "../connection/connector.ts";
import type { OpenStream } from "../connection/open.ts";
import { createRedactor, type Redactor } from "../connection/redact.ts";
import type { Settings } from "../connection/settings.ts";
import type { Report } from "../engine/report-schema.ts";
import type { Request } from "../engine/request.ts";
import type { Progress } from "../engine/run-context.ts";
import { refuseRequest, reportOverdue, serve } from "../engine/serve.ts";
import type { Target } from "../engine/target.ts";
import { MigrationError } from "../failure/failure.ts";
import type { Refusal } from "../failure/problem.ts";
import type { Manifest } from "../migration/manifest.ts";
import { awsCaller } from "./call-aws.ts";
import { type Caller, deliver } from "./deliver.ts";
import { logLine, progressLog } from "./log.ts";
import { type Answer, type Asked, type Build, isAnswer, type Trigger } from "./trigger.ts";
import { cloudformation } from "./triggers/cloudformation.ts";
import { codedeploy } from "./triggers/codedeploy.ts";
import { codepipeline } from "./triggers/codepipeline.ts";
import { direct } from "./triggers/direct.ts";
import { ecs } from "./triggers/ecs.ts";
import { scheduled } from "./triggers/scheduled.ts";
import { watch } from "./watchdog.ts";

/** What the one who invokes knows of the invocation. */
export interface Invocation {
  readonly invocationId: string;
  /** Of the function as it was invoked; absent outside of AWS. */
  readonly functionArn?: string;
  /** Milliseconds until the invocation is ended from outside; Infinity when nobody does. */
  readonly remainingMs: () => number;
  /** Aborted to stop the run: it cancels, rolls back, unlocks and reports. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** Resolves to what the caller expects as an answer. Rejects only where the caller asked for it, or got no answer. */
export type Handler = (event: unknown, invocation: Invocation) => Promise<unknown>;

/** What the handler reaches. */
export interface Outside {
  readonly caller: Caller;
  /** What leads to the database instead of a socket; absent: a socket. */
  readonly openStream?: OpenStream;
  /** Given one object for each invocation, without secrets. */
  readonly log: (line: object) => void;
}

/** Each is told by its structure; `direct` takes what is nobody's, to refuse it. */
const TRIGGERS: readonly Trigger[] = [codepipeline, codedeploy, ecs, cloudformation, scheduled];

/** Settings or manifest may be a refusal: then every request is answered with its problems. */
export function createHandler(
  settings: Settings | Refusal,
  manifest: Manifest | Refusal,
  outside: Outside = { caller: awsCaller, log: () => {} },
): Handler {
  const build: Build = {
    hookCommand: "problems" in settings ? "run" : settings.hookCommand,
    manifestHash: "problems" in manifest ? null : manifest.hash,
  };
  return async (event, invocation) => {
    // One for each invocation: a function that is warm for days would look for every token that it ever signed.
    const redactor = createRedactor();
    const trigger = TRIGGERS.find(({ recognises }) => recognises(event)) ?? direct;
    if (trigger.answersTo !== undefined) outside.caller.prepare(trigger.answersTo);
    const read = trigger.read(event, build);
    if (isAnswer(read))
      return settle(read, invocation, outside, ({ told }) => ({ trigger: trigger.name, message: told }));
    const target = "problems" in settings ? settings : targetOf(settings, redactor, outside.openStream);
    let lockWaitMs = 0;
    const logProgress = progressLog((line) => outside.log(redactor.redact(line)), Date.now);
    const onProgress = (progress: Progress) => {
      logProgress(progress);
      if (progress.kind === "lock_busy") lockWaitMs = progress.waitedMs;
      invocation.onProgress(redactor.redact(progress));
    };
    const report = redactor.redact(await reportOn(read, settings, manifest, target, { ...invocation, onProgress }));
    const { invocationId, functionArn = null } = invocation;
    const answer = trigger.answer(report, event, { invocationId, functionArn, now: Date.now() });
    return settle(answer, invocation, outside, ({ told, goesOn }) =>
      logLine(report, { trigger: trigger.name, functionArn, lockWaitMs, now: Date.now(), answer: told, goesOn }),
    );
  };
}

/** A report in any case: also of what cannot be served, and of what does not end in time. */
function reportOn(
  read: Asked | Refusal,
  settings: Settings | Refusal,
  manifest: Manifest | Refusal,
  target: Target | Refusal,
  invocation: Invocation,
): Promise<Report> | Report {
  const refusals = [read, settings, manifest].filter((part): part is Refusal => "problems" in part);
  if ("problems" in read || "problems" in settings || "problems" in manifest || "problems" in target) {
    const problems = refusals.flatMap(({ problems }) => problems);
    return refuseRequest("problems" in read ? null : read.request, problems, invocation.invocationId);
  }
  const { request, hop, endsAt = Number.POSITIVE_INFINITY } = read;
  const remainingMs = () => Math.min(invocation.remainingMs(), Math.max(0, endsAt - Date.now()));
  const ids = { runId: runIdOf(request) ?? read.runId ?? randomUUID(), invocationId: invocation.invocationId };
  return watch(
    (signal) =>
      serve(request, manifest, target, {
        ...invocation,
        ...ids,
        hop,
        // Who waits for the answer has called once: a session of that run is one that was lost.
        mayBeTwice: read.runId !== null,
        remainingMs,
        signal,
        lockWaitMs: settings.lockWaitMs,
      }),
    { remainingMs, signal: invocation.signal },
    () => reportOverdue(request, ids),
  );
}

/** Gives the answer and logs how that went, and only then throws what there is to throw. */
async function settle(
  answer: Answer,
  { remainingMs }: Invocation,
  { caller, log }: Outside,
  lineOf: (settled: Settled) => object,
): Promise<unknown> {
  const settled = await give(answer, remainingMs, caller);
  log(lineOf(settled));
  if ("error" in settled) throw settled.error;
  return settled.value;
}

/** How an answer went, for the log, and what the function returns or throws. */
type Settled = { readonly told: string; readonly goesOn: boolean } & (
  | { readonly value: unknown }
  | { readonly error: unknown }
);

async function give(answer: Answer, remainingMs: () => number, caller: Caller): Promise<Settled> {
  switch (answer.kind) {
    case "return":
      return { told: "returned", goesOn: answer.goesOn ?? false, value: answer.value };
    case "throw":
      return { told: "thrown", goesOn: false, error: answer.error };
    case "leave":
      return { told: "left to the invocation that is at work", goesOn: true, value: { answer: answer.reason } };
    case "deliver":
      try {
        const { told, summary, goesOn } = await deliver(answer, remainingMs, caller);
        return { told, goesOn, value: { answer: summary } };
      } catch (error) {
        const told = error instanceof MigrationError ? `${error.message}. ${error.failure.hint}` : String(error);
        return { told, goesOn: false, error };
      }
  }
}

/** A continued run keeps its id. */
function runIdOf(request: Request): string | null {
  return "continuation" in request ? (request.continuation?.runId ?? null) : null;
}

function targetOf(settings: Settings, redactor: Redactor, openStream?: OpenStream): Target {
  const { schema, journal } = settings;
  return { connect: createConnector(settings, redactor, openStream), schema, journal };
}
