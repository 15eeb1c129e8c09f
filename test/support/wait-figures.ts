// What an application felt, as figures: pure statistics over the transactions of application-load.ts. No clock.

/** One transaction. Instants are milliseconds of one monotonic clock. */
export interface TimedTransaction {
  /** When its turn was, also where its session was still busy with the one before. */
  readonly dueAt: number;
  readonly begunAt: number;
  readonly endedAt: number;
}

/** The time that is looked at, for example that of a migration. */
export interface Span {
  readonly from: number;
  readonly until: number;
}

/** Of every transaction that was due or under way in a span; zeros where there was none. */
export interface WaitFigures {
  readonly transactions: number;
  /** Of one transaction, from its begin to the answer to its commit. A lock time-out bounds this one. */
  readonly longestMs: number;
  /** From when it was due: with its session's backlog, as a user feels it who does not ask less because it is slow. */
  readonly longestFeltMs: number;
  readonly p99FeltMs: number;
  readonly feltOverSecond: number;
  /** Those that ended within the span, by its length. */
  readonly perSecond: number;
}

/** Counts the backlog too: else a session that waits ten seconds would count as one slow transaction. */
export function waitFigures(transactions: readonly TimedTransaction[], span: Span): WaitFigures {
  const concerned = transactions.filter(({ dueAt, endedAt }) => dueAt <= span.until && endedAt >= span.from);
  const felt = concerned.map(({ dueAt, endedAt }) => endedAt - dueAt).sort((a, b) => a - b);
  const ended = concerned.filter(({ endedAt }) => endedAt <= span.until);
  return {
    transactions: concerned.length,
    longestMs: concerned.reduce((longest, { begunAt, endedAt }) => Math.max(longest, endedAt - begunAt), 0),
    longestFeltMs: felt.at(-1) ?? 0,
    p99FeltMs: felt[Math.ceil(felt.length * 0.99) - 1] ?? 0,
    feltOverSecond: felt.filter((ms) => ms > 1_000).length,
    perSecond: (ended.length * 1_000) / (span.until - span.from),
  };
}
