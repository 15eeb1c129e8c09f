// Waits for a database that is coming up: a serverless one that resumes, a failover, a name that is not in DNS yet.
import pRetry from "p-retry";
import { formatDuration } from "../duration.ts";
import { type FailureCode, MigrationError } from "../failure/failure.ts";
import { isLoopback } from "./database-address.ts";
import type { Connection } from "./open.ts";

/** How long opening a connection may take, and whom to tell meanwhile. */
export interface ConnectOptions {
  /** The most that all attempts together may take. */
  readonly withinMs: number;
  /** Aborted to give up. */
  readonly signal: AbortSignal;
  /** Called after each attempt that failed and will be followed by another one. */
  readonly onWait: (wait: Wait) => void;
}

/** A database that is waited for. */
export interface Wait {
  readonly host: string;
  /** A sentence without a full stop. */
  readonly reason: string;
  readonly waitedMs: number;
}

/**
 * Long enough for an Aurora cluster that has slept for more than a day
 * (https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-auto-pause.html) and for a failover.
 */
const DEFAULT_WAIT_MS = 90_000;

/** An attempt on a paused cluster is answered when it has resumed, half a minute later. */
const ATTEMPT_MS = 30_000;

/** For a first attempt where nothing is waited for, so that a security group which drops packets is reported. */
const SINGLE_ATTEMPT_MS = 10_000;

/** Nothing on this machine resumes by being asked, and a person who mistyped a port wants to know at once. */
export function waitFor(host: string, settingMs: number | null): number {
  return settingMs ?? (isLoopback(host) ? 0 : DEFAULT_WAIT_MS);
}

/**
 * Tries until `open` succeeds, fails for good, or the time is used up; then throws the last MigrationError, which says
 * how long was waited. `waitMs` is what the settings allow, `options.withinMs` what the deadline does.
 */
export async function openWhenUp(
  host: string,
  open: (timeoutMs: number) => Promise<Connection>,
  waitMs: number,
  { withinMs, signal, onWait }: ConnectOptions,
): Promise<Connection> {
  const startedAt = performance.now();
  const elapsedMs = () => performance.now() - startedAt;
  const wholeMs = Math.min(withinMs, Math.max(waitMs, SINGLE_ATTEMPT_MS));
  let attempts = 0;
  try {
    return await pRetry(
      () => {
        attempts += 1;
        return open(Math.min(ATTEMPT_MS, wholeMs - elapsedMs()));
      },
      {
        retries: Number.POSITIVE_INFINITY,
        maxRetryTime: Math.max(0, Math.min(withinMs, waitMs)),
        minTimeout: 250,
        // Also how long somebody who wants it to stop may have to wait.
        maxTimeout: 2_000,
        randomize: true,
        shouldRetry: ({ error }) => isComingUp(error) && !signal.aborted,
        onFailedAttempt: ({ error, retryDelay }) => {
          if (retryDelay > 0 && isComingUp(error)) onWait({ host, reason: error.message, waitedMs: elapsedMs() });
        },
      },
    );
  } catch (error) {
    if (signal.aborted && isComingUp(error)) throw stopped(host, error);
    throw attempts > 1 ? afterWaiting(error, attempts, elapsedMs()) : error;
  }
}

// Nothing but connecting is tried again here: no statement of ours has been sent yet.
const COMING_UP: ReadonlySet<FailureCode> = new Set(["DATABASE_UNREACHABLE", "DATABASE_NOT_READY"]);

function isComingUp(error: unknown): boolean {
  return error instanceof MigrationError && COMING_UP.has(error.failure.code);
}

function afterWaiting(error: unknown, attempts: number, waitedMs: number): unknown {
  if (!(error instanceof MigrationError)) return error;
  const { failure } = error;
  const message = `${failure.message} (${attempts} attempts in ${formatDuration(waitedMs)})`;
  return new MigrationError({ ...failure, message }, { cause: error.cause });
}

function stopped(host: string, cause: unknown): MigrationError {
  return new MigrationError(
    {
      code: "CANCELLED",
      message: `stopped while waiting for ${host}`,
      hint: "Nothing was changed by this run.",
      details: { version: null },
    },
    { cause },
  );
}
