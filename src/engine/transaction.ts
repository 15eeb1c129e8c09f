// Puts SQL into one message that is one transaction, and finds a server's error in it again. Pure.
import type { ServerError } from "./message.ts";

/** What a transaction is put together from: our statements before and behind the given SQL. */
export interface Parts {
  readonly head: readonly string[];
  readonly body: string;
  readonly tail: readonly string[];
}

/** A message, and where in it the given SQL stands. */
export interface Transaction {
  readonly sql: string;
  /** How many statements run before the first one of the body. */
  readonly headStatements: number;
  /** How many code points stand before the body. */
  readonly headLength: number;
  /** How many statements run between the last one of the body and the commit. */
  readonly tailStatements: number;
}

/**
 * `read write` and the isolation level are said, because a role may have other defaults. The tail starts on a new line
 * and with a semicolon: the body may end in a comment.
 */
export function composeTransaction(head: readonly string[], body: string, tail: readonly string[]): Transaction {
  const before = ["begin isolation level read committed read write", ...head];
  const start = `${before.join(";\n")};\n`;
  return {
    sql: `${start}${body}\n;${[...tail, "commit"].join(";\n")}`,
    headStatements: before.length,
    headLength: start.length - (start.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0),
    tailStatements: tail.length,
  };
}

/** Where the error is in the body, in UTF-16 code units; null when PostgreSQL gave no position, or one of ours. */
export function errorOffset(
  transaction: Pick<Transaction, "headLength">,
  body: string,
  error: ServerError,
): number | null {
  if (error.position === undefined) return null;
  const codePoints = Number(error.position) - 1 - transaction.headLength;
  if (codePoints < 0) return null;
  let units = 0;
  for (let seen = 0; seen < codePoints; seen++) {
    const codePoint = body.codePointAt(units);
    if (codePoint === undefined) return null;
    units += codePoint > 0xffff ? 2 : 1;
  }
  return units < body.length ? units : null;
}
