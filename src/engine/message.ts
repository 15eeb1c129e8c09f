// One message of the simple query protocol and everything that comes back. The engine's only way to the server.
import type { EventEmitter } from "node:events";
import { type Connection, lastWordsOf } from "../connection/open.ts";

/** A row as the server sent it: text, or null. */
export type Row = Readonly<Record<string, string | null>>;

/** What a server error says: https://www.postgresql.org/docs/current/protocol-error-fields.html */
export interface ServerError extends Error {
  /** `ERROR`, whatever the server's language: see handleError. */
  readonly severity: string;
  readonly code: string;
  /** 1-based, in code points of the whole message. */
  readonly position?: string;
}

/**
 * What a message came to. An error ends it: `completed` holds the rows of each statement that finished before, so
 * its length is the index of the statement that failed.
 */
export interface Reply {
  readonly completed: readonly (readonly Row[])[];
  /** What COPY TO STDOUT gave, for copied-text.ts; one statement of a message at most. Empty without. */
  readonly copied: string;
  /** Null when every statement finished. A ServerError, or what broke the connection. */
  readonly error: ServerError | Error | null;
}

/** The part of pg's wire protocol object that a submittable is given (as pg-cursor and pg-query-stream are). */
interface Wire extends EventEmitter {
  readonly stream: { readonly writable: boolean };
  query(sql: string): void;
  sendCopyFail(reason: string): void;
}

/**
 * Sends several statements as one message: one round trip, and one implicit transaction unless it says BEGIN.
 *
 * Never rejects: what an error means depends on the statement it hit, and that is the caller's to know.
 */
export function send(connection: Connection, sql: string): Promise<Reply> {
  const before = ahead.get(connection);
  return before === undefined || before.isAnswered
    ? post(connection, new Message(sql))
    : before.reply.then(() => post(connection, new Message(sql)));
}

/**
 * Sends a message while the server is still at work on the one before it, and answers in order. To be called right behind
 * `send`, and never behind COPY FROM STDIN, which would swallow it.
 *
 * pg has a pipeline mode, and lets no submittable of another kind into it (https://node-postgres.com/apis/client).
 */
export function sendAhead(connection: Connection, sql: string): Promise<Reply> {
  const message = new Message(sql);
  const reply = post(connection, message);
  ahead.set(connection, message);
  const { connection: wire } = connection as unknown as { readonly connection: Wire };
  if (wire.stream.writable) message.submit(wire);
  return reply;
}

/** What was sent ahead last. A third message waits for its answer: pg warns of more than one in its queue. */
const ahead = new WeakMap<Connection, Message>();

async function post(connection: Connection, message: Message): Promise<Reply> {
  connection.query(message as never);
  const reply = await message.reply;
  if (reply.error === null || sqlStateOf(reply.error) !== null) return reply;
  return { ...reply, error: lastWordsOf(connection) ?? reply.error };
}

/** True for an error that came from the server and left the session usable. */
export function isServerError(error: Error | null): error is ServerError {
  return error !== null && "severity" in error && error.severity === "ERROR" && "code" in error;
}

/** The SQLSTATE, also of a FATAL error; null when the connection broke without one. */
export function sqlStateOf(error: Error | null): string | null {
  return error !== null && "severity" in error && "code" in error && typeof error.code === "string" ? error.code : null;
}

// pg's own Query keeps neither the rows before an error nor the number of statements that completed.
class Message {
  readonly reply: Promise<Reply>;
  isAnswered = false;
  readonly #sql: string;
  readonly #resolve: (reply: Reply) => void;
  readonly #completed: Row[][] = [];
  readonly #copied: Buffer[] = [];
  #columns: readonly string[] = [];
  #rows: Row[] = [];
  #isSubmitted = false;

  constructor(sql: string) {
    const { promise, resolve } = Promise.withResolvers<Reply>();
    this.reply = promise;
    this.#sql = sql;
    this.#resolve = resolve;
  }

  /** By pg when it is the message's turn. What is ahead of its turn by then was sent already. */
  submit(wire: Wire): void {
    if (this.#isSubmitted) return;
    this.#isSubmitted = true;
    wire.query(this.#sql);
  }

  handleRowDescription(message: { readonly fields: readonly { readonly name: string }[] }): void {
    this.#columns = message.fields.map(({ name }) => name);
  }

  handleDataRow(message: { readonly fields: readonly (string | null)[] }): void {
    this.#rows.push(Object.fromEntries(this.#columns.map((column, index) => [column, message.fields[index] ?? null])));
  }

  handleCommandComplete(): void {
    this.#completed.push(this.#rows);
    this.#rows = [];
  }

  handleEmptyQuery(): void {
    // An empty message completes nothing.
  }

  handleCopyInResponse(wire: Wire): void {
    wire.sendCopyFail("a migration has no input");
  }

  // Of a statement of ours: a build takes no migration that has output.
  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    // What the driver hands out is its own, and written over by what comes next.
    this.#copied.push(Buffer.from(chunk));
  }

  // pg forgets a query at its first error. Until the server is ready, the next message would wait in pg's queue, and one
  // sent ahead of its turn would be with the server before it. And only what comes then tells an ERROR from a FATAL one: pg
  // hands out the severity in the server's language (lc_messages), and not the other one, which is never translated.
  handleError(error: Error, wire: Wire): void {
    const answer = () => {
      wire.off("readyForQuery", ready).off("end", answer);
      this.#answer(error);
    };
    const ready = () => {
      Object.assign(error, { severity: "ERROR" });
      answer();
    };
    if (sqlStateOf(error) === null) answer();
    else wire.on("readyForQuery", ready).on("end", answer);
  }

  handleReadyForQuery(): void {
    this.#answer(null);
  }

  #answer(error: Reply["error"]): void {
    this.isAnswered = true;
    this.#resolve({ completed: this.#completed, copied: Buffer.concat(this.#copied).toString(), error });
  }
}
