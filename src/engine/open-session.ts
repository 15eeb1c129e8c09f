// Opens a session and reads the journal: one message, whether there is a journal or not.
import type { Connected } from "../connection/connector.ts";
import { type Connection, hangUp } from "../connection/open.ts";
import type { ConnectOptions } from "../connection/wait-for-database.ts";
import { MigrationError } from "../failure/failure.ts";
import type { Problem, Refusal } from "../failure/problem.ts";
import { reserveOf } from "./budget.ts";
import { decodeJournal, EMPTY_JOURNAL, type Journal } from "./journal.ts";
import { journalName, readStatement } from "./journal-statements.ts";
import { isServerError, type Reply, send, sqlStateOf } from "./message.ts";
import { assertOwnBackend, isBehindProxy, sessionMoved } from "./pooler.ts";
import { identifier } from "./quote.ts";
import type { RunContext } from "./run-context.ts";
import {
  assertUsable,
  CHECK_CLIENT_STATEMENT,
  decodeFacts,
  FACTS_STATEMENT,
  readingStatements,
  type SessionFacts,
  schemaMissing,
} from "./session.ts";
import type { Target } from "./target.ts";

/** An open session. What it works with it gets from prepare-session.ts. */
export interface Session {
  readonly connection: Connection;
  readonly facts: SessionFacts;
  readonly applicationName: string;
  readonly host: string;
  /** No password in it. */
  readonly maskedUrl: string;
  /** How long this database may be waited for. */
  readonly waitMs: number;
}

/** A session, what it read, and what is worth a warning about the way there; or what a secret lacks. */
export type Opened = ({ readonly session: Session; readonly warnings: readonly Problem[] } & JournalReading) | Refusal;

/** A journal as it was read; `exists` is false when there is no table yet. */
export interface JournalReading {
  readonly journal: Journal;
  readonly exists: boolean;
}

/** Such as `hellojohn-migrate 3f2a91c0/0`, run and invocation: how pg_stat_activity tells one from another. */
export function applicationName({ runId, hop, leg }: Pick<RunContext, "runId" | "hop" | "leg">): string {
  return `hellojohn-migrate ${runId.slice(0, 8)}/${hop}${leg === undefined ? "" : `.${leg}`}`;
}

/**
 * True when `other` belongs to this very invocation of a run, or to a later one: we are a second delivery of an event
 * that is being worked on. An earlier one is what a run that goes on may have left behind.
 */
export function isSameRun(own: string, other: string | null): boolean {
  const [, run, hop] = APPLICATION.exec(own) ?? [];
  const [, otherRun, otherHop] = APPLICATION.exec(other ?? "") ?? [];
  return run !== undefined && run === otherRun && Number(otherHop) >= Number(hop);
}

/** Of the session beside the one that works. */
export function lookoutName({ applicationName: name }: Pick<Session, "applicationName">): string {
  return `${name} lookout`;
}

/** Of a session that builds an index which may be left to the server. */
export function detachedName({ applicationName: name }: Pick<Session, "applicationName">, version: string): string {
  return `${name} detached ${version}`;
}

/** True for the name that detachedName gave: its build goes on, whether anybody waits for it or not. */
export function isDetached(name: string | null): boolean {
  return name !== null && APPLICATION.test(name) && name.split(" ")[2] === "detached";
}

// While a migration runs, its version stands behind.
const APPLICATION = /^hellojohn-migrate ([0-9a-f]{8})\/(\d+(?:\.\d)?)(?: |$)/;

/**
 * Connects and reads the journal, and sets nothing on the session but, behind a proxy, a mark (pooler.ts): the next client of
 * a transaction pooler would get it so. Ends the session when it throws.
 */
export async function openSession(target: Target, name: string, context: RunContext): Promise<Opened> {
  const connected = await target.connect(connectOptions(context));
  if ("problems" in connected) return connected;
  const { connection } = connected;
  // The journal may be locked for long, and nothing was written yet.
  let isStopped = false;
  const stop = () => {
    isStopped = true;
    hangUp(connection, "stopped while the journal was read");
  };
  context.signal.addEventListener("abort", stop, { once: true });
  try {
    let reply = await send(connection, openingMessage(target, name));
    let facts = factsOf(reply, target);
    if (isBehindProxy(connection, facts.backendPid)) {
      const own = await assertOwnBackend(connection, () => anotherConnection(target, connectOptions(context)));
      reply = await send(connection, openingMessage(target, name));
      facts = factsOf(reply, target);
      if (facts.backendPid !== own) throw sessionMoved();
    }
    assertUsable(facts);
    return { ...sessionOf(connected, facts, name), ...readingOf(reply, JOURNAL, target, facts) };
  } catch (error) {
    await connection.end().catch(() => {});
    throw isStopped ? stoppedReading(error) : error;
  } finally {
    context.signal.removeEventListener("abort", stop);
  }
}

function stoppedReading(cause: unknown): MigrationError {
  const hint = "Nothing was changed by this run.";
  const failure = {
    code: "CANCELLED",
    message: "stopped while the journal was read",
    hint,
    details: { version: null },
  } as const;
  return new MigrationError(failure, { cause });
}

/** How long an invocation may try to connect, and whom it tells. */
export function connectOptions({ remainingMs, signal, onProgress }: RunContext): ConnectOptions {
  const leftMs = remainingMs();
  const onWait: ConnectOptions["onWait"] = (wait) => onProgress({ kind: "database_wait", ...wait });
  return { withinMs: leftMs - reserveOf(leftMs), signal, onWait };
}

function sessionOf({ connection, host, maskedUrl, waitMs, warnings }: Connected, facts: SessionFacts, name: string) {
  return { session: { connection, facts, applicationName: name, host, maskedUrl, waitMs }, warnings };
}

function factsOf(reply: Reply, target: Target): SessionFacts {
  const row = reply.completed[FACTS]?.[0];
  if (row === undefined) throw unreadable(reply, target, null);
  return decodeFacts(row);
}

async function anotherConnection(target: Target, options: ConnectOptions): Promise<Connection> {
  const connected = await target.connect(options);
  // The first one could be opened with the same secret.
  if ("problems" in connected) throw connectionLost(null);
  return connected.connection;
}

/** What a message came to that asked for the journal alone. Throws a MigrationError where the table cannot be read as a journal. */
export function journalIn(reply: Reply, session: Session, target: Target): JournalReading {
  return readingOf(reply, 0, target, session.facts);
}

/**
 * Nothing stands between us and the server, or nothing that can be told: then the backend is ours alone, and a message may be
 * sent ahead, which RDS Proxy and PgBouncer need not expect.
 */
export function isDirect({ connection, facts }: Session): boolean {
  return !isBehindProxy(connection, facts.backendPid);
}

/** Without BEGIN: a journal that is not there is an error, and leaves no transaction open. */
function openingMessage(target: Target, name: string): string {
  const statements = [
    ...readingStatements(target, name),
    FACTS_STATEMENT,
    CHECK_CLIENT_STATEMENT,
    readStatement(target),
  ];
  return statements.join(";\n");
}

const FACTS = 7;
const JOURNAL = FACTS + 2;

function readingOf(reply: Reply, index: number, target: Target, facts: SessionFacts): JournalReading {
  if (reply.completed.length > index) return { journal: decodeJournal(reply.copied), exists: true };
  if (reply.completed.length === index && sqlStateOf(reply.error) === UNDEFINED_TABLE) {
    return { journal: EMPTY_JOURNAL, exists: false };
  }
  if (sqlStateOf(reply.error) === UNDEFINED_SCHEMA) throw schemaMissing(target);
  throw unreadable(reply, target, facts);
}

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const UNDEFINED_TABLE = "42P01";
// COPY tells it from the other, as SELECT does not.
const UNDEFINED_SCHEMA = "3F000";
const INSUFFICIENT_PRIVILEGE = "42501";

function unreadable({ error }: Reply, target: Target, facts: SessionFacts | null): MigrationError {
  const table = journalName(target);
  if (!isServerError(error) || facts === null) return connectionLost(error);
  if (error.code === INSUFFICIENT_PRIVILEGE) {
    return new MigrationError(
      {
        code: "PERMISSION_DENIED",
        message: `${facts.role} may not read the journal ${table}`,
        hint: `Nothing was changed. Let its owner grant it: grant usage on schema ${identifier(target.schema)} to ${identifier(facts.role)}; grant select on ${table} to ${identifier(facts.role)};`,
        details: { role: facts.role, privilege: "SELECT", object: table },
      },
      { cause: error },
    );
  }
  return new MigrationError(
    {
      code: "JOURNAL_UNUSABLE",
      message: `${table} is no journal of this tool: ${error.message} (${error.code})`,
      hint: "Nothing was changed. Name another table with HELLOJOHN_JOURNAL, or move that one away.",
      details: { table, sqlState: error.code },
    },
    { cause: error },
  );
}

/** For a message of ours that had no answer, or an error for an answer, where no migration was under way. */
export function connectionLost(
  error: Error | null,
  hint = "Nothing was changed by this invocation. Run again.",
): MigrationError {
  const sqlState = sqlStateOf(error);
  const what = isServerError(error) ? `the server refused to go on: ${error.message}` : "the connection was lost";
  return new MigrationError(
    {
      code: "CONNECTION_LOST",
      message: `${what}${sqlState === null ? "" : ` (${sqlState})`}`,
      hint,
      details: { version: null, sqlState },
    },
    { cause: error },
  );
}

/** For a transaction of journal entries alone that came to an error. One of the server's has taken all of them back. */
export function notRecorded(error: Error): MigrationError {
  return connectionLost(
    error,
    isServerError(error)
      ? "Nothing was recorded. Mend what the server complains of, and do it again."
      : "Whether it was recorded is not known here. hj migrations status says.",
  );
}
