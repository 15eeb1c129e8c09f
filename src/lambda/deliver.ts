// Brings an answer to its caller's API, as often as it takes and as long as there is time. What the answer is, a
// trigger has decided.
import pRetry from "p-retry";
import { MigrationError } from "../failure/failure.ts";
import type { Call, Deliverable } from "./trigger.ts";

/** How calls are made; the real one is `awsCaller`. */
export interface Caller {
  /** Loads what a call will need, so that it need not be loaded when there is little time left. */
  readonly prepare: (to: Call["to"]) => void;
  /** Makes one call, once. Rejects with what the SDK or the network threw. */
  readonly make: (call: Call, signal: AbortSignal) => Promise<void>;
}

/** One attempt: an endpoint that a VPC cannot reach drops packets in silence. */
const ATTEMPT_MS = 5_000;

/** A call that is cut off sooner may have an effect that nobody learns of. */
const WORTH_MS = 100;

/** Left of the invocation for the log line about an answer that could not be delivered. */
const RESERVE_MS = 200;

/** What has arrived. */
export interface Delivered {
  /** With how it went, for the log. */
  readonly told: string;
  readonly summary: string;
  readonly goesOn: boolean;
}

/**
 * Resolves when the answer has arrived, or had arrived before. Throws a MigrationError that says what to do by hand when
 * it could not be delivered in the time that was left; nothing has been answered then.
 */
export async function deliver(
  { call, summary, byHand, goesOn = false, otherwise }: Deliverable,
  remainingMs: () => number,
  caller: Caller,
): Promise<Delivered> {
  // Whole: an AbortSignal takes no other time-out.
  const leftMs = () => Math.max(1, Math.floor(remainingMs() - RESERVE_MS));
  const bringWithin = async (withinMs: () => number): Promise<Delivered> => {
    const how = await bring(call, byHand, withinMs, caller);
    return { told: `${how}: ${summary}`, summary, goesOn };
  };
  if (otherwise === undefined) return bringWithin(leftMs);
  const keptMs = Math.floor(leftMs() / 2);
  try {
    return await bringWithin(() => Math.max(1, leftMs() - keptMs));
  } catch (error) {
    const why = error instanceof MigrationError ? error.message : String(error);
    const delivered = await deliver(otherwise, remainingMs, caller);
    return { ...delivered, told: `${delivered.told}; ${why}` };
  }
}

async function bring(
  call: Call,
  byHand: string,
  leftMs: () => number,
  caller: Caller,
): Promise<"delivered" | "already"> {
  try {
    await pRetry(() => caller.make(call, AbortSignal.timeout(Math.min(ATTEMPT_MS, leftMs()))), {
      retries: Number.POSITIVE_INFINITY,
      maxRetryTime: Math.min(leftMs(), 2 ** 31 - 1),
      minTimeout: 200,
      maxTimeout: 2_000,
      randomize: true,
      shouldRetry: ({ error }) => !isFinal(error) && leftMs() > WORTH_MS,
    });
    return "delivered";
  } catch (error) {
    if (error instanceof Error && ALREADY_ANSWERED.has(error.name)) return "already";
    throw lost(call, byHand, error);
  }
}

/** The caller has its answer, or has given up: both are an end, and neither is changed by another call. */
const ALREADY_ANSWERED: ReadonlySet<string> = new Set([
  "LifecycleEventAlreadyCompletedException",
  "InvalidJobStateException",
]);

/** What the SDK calls the client's fault does not get better, except when it is asked too often. */
function isFinal(error: Error): boolean {
  const fault: unknown = "$fault" in error ? error.$fault : null;
  return fault === "client" && !/Throttl|TooManyRequests/.test(error.name);
}

/** A connection that failed is an Error like any other, and only its code says more. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  return error.name === "Error" && "code" in error && typeof error.code === "string" ? error.code : error.name;
}

function lost(call: Call, byHand: string, cause: unknown): MigrationError {
  const reason = nameOf(cause);
  return new MigrationError(
    {
      code: "ANSWER_LOST",
      message: `the answer could not be delivered to ${call.to} (${reason})`,
      hint: byHand,
      details: { to: call.to, reason },
    },
    { cause },
  );
}
