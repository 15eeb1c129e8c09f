// Sees to it that there is a report before the invocation is ended from outside, whatever the work is stuck in.
import { setTimeout as sleep } from "node:timers/promises";

/** Less than the engine keeps back for itself, so that a run which ends in order is never overtaken. */
const ANSWER_MS = 5_000;
const ANSWER_SHARE = 1 / 8;

/**
 * What `work` resolves to, or `overdue()` when that has not come shortly before the end. The work is then told to stop,
 * and what becomes of it is heard by nobody.
 */
export async function watch<T>(
  work: (signal: AbortSignal) => Promise<T>,
  invocation: { readonly remainingMs: () => number; readonly signal: AbortSignal },
  overdue: () => T,
): Promise<T> {
  const leftMs = invocation.remainingMs();
  if (leftMs === Number.POSITIVE_INFINITY) return work(invocation.signal);
  const late = new AbortController();
  const done = new AbortController();
  const working = work(AbortSignal.any([invocation.signal, late.signal]));
  const alarm = sleep(Math.max(0, leftMs - Math.min(ANSWER_MS, leftMs * ANSWER_SHARE)), "late", {
    signal: done.signal,
  }).catch(() => "late");
  try {
    const first = await Promise.race([working.then((value) => ({ value })), alarm]);
    if (typeof first === "object") return first.value;
    late.abort();
    working.catch(() => {});
    return overdue();
  } finally {
    done.abort();
  }
}
