// What the command line says where a deployed function gave it no report to show. Values only: nothing is decided here.

/** In the words of a failure, for a call that came to no report. It never becomes part of a report. */
export interface NoReport {
  /** What was being done and what happened. */
  readonly message: string;
  /** What state things are in, and what the reader does next. */
  readonly hint: string;
  /** 2: the request or the configuration is wrong. 1: everything else. */
  readonly exitCode: 1 | 2;
}

/** What came back for one event. */
export interface Answer {
  /** As it is printed by `hj invoke`; null when nothing came back. */
  readonly text: string | null;
  /** What `text` means; undefined where it is no JSON. */
  readonly value: unknown;
  /** Why the value is not the handler's own answer; null when it is. */
  readonly noReport: NoReport | null;
}

/** Sends an event, once, and says what came of it. */
export type Invoke = (event: unknown) => Promise<Answer>;

/** The answer of a handler that came to its end. */
export function answered(value: unknown): Answer {
  return { text: JSON.stringify(value, null, 2) ?? "null", value, noReport: null };
}
