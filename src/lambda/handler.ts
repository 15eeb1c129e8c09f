// The handler, made from settings and a manifest: what Lambda runs and what the command line runs.
// It reads no environment and knows no caller by name.
import { randomUUID } from "node:crypto";
import { createConnector } from "../connection/connector.ts";
import { createRedactor, type Redactor } from "../connection/redact.ts";
import type { Settings } from "../connection/settings.ts";
import type { Request } from "../engine/request.ts";
import type { Progress } from "../engine/run-context.ts";
import { refuseRequest, serve } from "../engine/serve.ts";
import type { Target } from "../engine/target.ts";
import type { Refusal } from "../failure/problem.ts";
import type { Manifest } from "../migration/manifest.ts";
import type { Trigger } from "./trigger.ts";
import { direct } from "./triggers/direct.ts";

/** What the one who invokes knows of the invocation. */
export interface Invocation {
  readonly invocationId: string;
  /** Milliseconds until the invocation is ended from outside; Infinity when nobody does. */
  readonly remainingMs: () => number;
  /** Aborted to stop the run: it cancels, rolls back, unlocks and reports. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** Resolves to what the caller expects as an answer. Rejects only for a caller that asked for it. */
export type Handler = (event: unknown, invocation: Invocation) => Promise<unknown>;

const TRIGGERS: readonly Trigger[] = [direct];

/** Settings or manifest may be a refusal: then every request is answered with its problems. */
export function createHandler(settings: Settings | Refusal, manifest: Manifest | Refusal): Handler {
  const redactor = createRedactor();
  const target = "problems" in settings ? settings : targetOf(settings, redactor);
  return async (event, invocation) => {
    const trigger = TRIGGERS.find(({ recognises }) => recognises(event)) ?? direct;
    const request = trigger.requestOf(event);
    const refusals = [request, settings, manifest].filter((part): part is Refusal => "problems" in part);
    const understood = "problems" in request ? null : request;
    const report =
      understood === null || "problems" in settings || "problems" in target || "problems" in manifest
        ? refuseRequest(
            understood,
            refusals.flatMap(({ problems }) => problems),
            invocation.invocationId,
          )
        : await serve(understood, manifest, target, {
            ...invocation,
            runId: runIdOf(understood),
            lockWaitMs: settings.lockWaitMs,
          });
    return trigger.answer(redactor.redact(report), event);
  };
}

/** A continued run keeps its id. */
function runIdOf(request: Request): string {
  return ("continuation" in request && request.continuation?.runId) || randomUUID();
}

function targetOf(settings: Settings, redactor: Redactor): Target {
  const { schema, journal } = settings;
  return { connect: createConnector(settings, redactor), schema, journal };
}
