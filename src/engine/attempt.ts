// Sends a transaction until its locks are free or its time is up.
import { setTimeout as sleep } from "node:timers/promises";
import type { Blocker } from "../failure/failure.ts";
import { type Budget, graceOf, lockTimeoutMs, retryPauseMs } from "./budget.ts";
import type { StepOutcome } from "./explain-step.ts";
import { answerWithin, type Interrupted, sendWithin } from "./interrupt.ts";
import { isServerError, type Reply, send, sqlStateOf } from "./message.ts";
import type { Run } from "./run-context.ts";
import { timingOf } from "./timing.ts";
import { composeTransaction, type Parts, type Transaction } from "./transaction.ts";

/** A first attempt that is on its way. */
export interface Sent {
  readonly parts: Parts;
  readonly transaction: Transaction;
  readonly answer: Promise<Reply>;
  /** A cancel that was meant for the one before it may have hit this one. */
  readonly isSuspect: boolean;
}

/** The last attempt, and how many there were. */
export interface Attempted extends Omit<Interrupted, "build"> {
  readonly transaction: Transaction;
  readonly attempts: number;
}

/** lock_not_available and deadlock_detected: nothing happened, and the same again may succeed. */
const RETRIED: readonly (string | null)[] = ["55P03", "40P01"];

/** A shorter attempt hardly gets a lock that the ones before did not, and makes others queue for it. */
const WORTH_MS = 250;

/**
 * After an error the transaction is rolled back when this returns, unless the connection is gone. `first` is what is on
 * its way already.
 */
export async function attempt(
  run: Run,
  version: string,
  parts: Parts,
  budget: Budget,
  first: Sent | null = null,
): Promise<Attempted> {
  let blockers: readonly Blocker[] = [];
  for (let attempts = 1; ; attempts++) {
    const sent = attempts === 1 ? first : null;
    const transaction = sent?.transaction ?? compose(run, parts, attempts, budget.endsAt - performance.now());
    const {
      reply,
      interruption,
      blockers: seen,
    } = await (sent === null
      ? sendWithin(run, version, transaction.sql, budget)
      : answerWithin(run, version, sent.answer, budget));
    if (seen.length > 0) blockers = seen;
    if (isServerError(reply.error)) await send(run.session.connection, "rollback");
    const done = { transaction, attempts, reply, interruption, blockers };
    const sqlState = sqlStateOf(reply.error);
    if (interruption === null && sent?.isSuspect === true && sqlState === "57014") continue;
    if (interruption !== null || !RETRIED.includes(sqlState)) return done;

    const pauseMs = retryPauseMs(attempts, Math.random());
    if (performance.now() + pauseMs >= budget.endsAt - WORTH_MS) return done;
    run.context.onProgress({ kind: "migration_waits", version, attempts });
    await sleep(pauseMs, null, { signal: run.context.signal }).catch(() => {});
    if (run.context.signal.aborted) return { ...done, interruption: "abort" };
  }
}

/** Has a first attempt sent, which has `leftMs` to come to its end. */
export function sendFirst(run: Run, parts: Parts, leftMs: number, post: (sql: string) => Promise<Reply>): Sent {
  const transaction = compose(run, parts, 1, leftMs);
  return { parts, transaction, answer: post(transaction.sql), isSuspect: false };
}

/** The transaction of the attempt with this number, counted from 1. */
function compose({ reserveMs }: Run, parts: Parts, attempts: number, leftMs: number): Transaction {
  const head = [...timeouts(attempts, Math.max(1, Math.round(leftMs)), graceOf(reserveMs)), ...parts.head];
  return composeTransaction(head, parts.body, parts.tail);
}

/** The outcome of a transaction whose last statement before the commit completed its entry, or wrote all of it. */
export function doneBy({ reply, attempts }: Attempted): StepOutcome {
  return { kind: "done", ...timingOf(reply.completed.at(-2)?.[0] ?? {}), attempts };
}

function timeouts(attempts: number, leftMs: number, graceMs: number): readonly string[] {
  return [
    // Before the rest of the time is up, so that a lock that is not free is not taken for a statement that is slow.
    `set local lock_timeout = ${Math.max(1, Math.min(Math.floor(leftMs * 0.8), lockTimeoutMs(attempts)))}`,
    `set local statement_timeout = ${leftMs + graceMs}`,
  ];
}
