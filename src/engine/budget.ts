// How much time a step may take, and what ends it. Pure: instants come in as milliseconds of a monotonic clock.

/** What ended a statement that did not end by itself. */
export type Interruption = "timeout" | "deadline" | "abort";

/** Until when one migration may run, all its statements and retries together, and what it means when it does not. */
export interface Budget {
  readonly timeoutMs: number;
  readonly endsAt: number;
  readonly reason: "timeout" | "deadline";
}

/** A migration's time when neither request nor file says otherwise: five minutes. */
const DEFAULT_TIMEOUT_MS = 300_000;

/** Kept back to cancel, roll back, unlock and answer: the smaller of 10 s and a fifth of the invocation. */
export function reserveOf(invocationMs: number): number {
  return Math.min(10_000, invocationMs / 5);
}

/**
 * How much later than our own cancel the server's statement_timeout ends a statement. It stands behind the cancel for the
 * case that nothing can be told the server, and its answer has to be there before the reserve is used up.
 */
export function graceOf(reserveMs: number): number {
  return Math.min(1_000, Math.round(reserveMs / 8));
}

/** In milliseconds: a request's time-out wins over the file's, which wins over the default. */
export function timeoutOf(requestedMs: number | null, directedMs: number | null): number {
  return requestedMs ?? directedMs ?? DEFAULT_TIMEOUT_MS;
}

/** What is left of the invocation, less the reserve, wins over every time-out. */
export function budgetOf(options: {
  readonly requestedMs: number | null;
  readonly directedMs: number | null;
  readonly remainingMs: number;
  readonly reserveMs: number;
  readonly now: number;
}): Budget {
  const timeoutMs = timeoutOf(options.requestedMs, options.directedMs);
  const usableMs = options.remainingMs - options.reserveMs;
  const reason = usableMs < timeoutMs ? "deadline" : "timeout";
  return { timeoutMs, endsAt: options.now + Math.min(timeoutMs, usableMs), reason };
}

// Short at first: while the statement waits, everybody who comes later queues behind it. Never more than two seconds.
const LOCK_TIMEOUTS_MS = [500, 500, 1000, 1000, 2000];

/** How long the given attempt, counted from 1, waits for each lock. */
export function lockTimeoutMs(attempt: number): number {
  return LOCK_TIMEOUTS_MS[attempt - 1] ?? 2000;
}

/** The pause after a failed attempt: exponential to 15 s with full jitter, so that two migrators do not march in step. */
export function retryPauseMs(attempt: number, random: number): number {
  return random * Math.min(15_000, 250 * 2 ** attempt);
}
