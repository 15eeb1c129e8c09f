// Gives an open session the settings that it works with. Before that it only reads: the journal, with the first message, and the
// catalog, in transactions that set for themselves what they need. Most runs end there.
import type { MigrationError } from "../failure/failure.ts";
import { send, sqlStateOf } from "./message.ts";
import { connectionLost, isDirect, type Session } from "./open-session.ts";
import { sessionMoved } from "./pooler.ts";
import { settingStatements } from "./session.ts";
import type { Target } from "./target.ts";

/** A session that has them. */
export interface PreparedSession extends Session {
  readonly isPrepared: true;
}

/** The session with its settings: asks for nothing where it has them. Throws a MigrationError, and has set nothing then. */
export async function prepareSession(session: Session, target: Target): Promise<PreparedSession> {
  if (isPrepared(session)) return session;
  const { error } = await send(session.connection, preparation(session, target).join(";\n"));
  if (error !== null) throw failureOf(error);
  return asPrepared(session);
}

/**
 * The same as statements at the head of a message, for a session that is asPrepared when they are done. They fail with
 * MOVED where a pooler has moved it to another backend, before anything was set: the next client of that one would get it.
 */
export function preparation(session: Session, target: Target): readonly string[] {
  if (isPrepared(session)) return [];
  const proof = `select 1 / (pg_catalog.pg_backend_pid() = ${session.facts.backendPid})::int as proof`;
  return [...(isDirect(session) ? [] : [proof]), ...settingStatements(target, session)];
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html, division_by_zero */
export const MOVED = "22012";

export function asPrepared(session: Session): PreparedSession {
  return { ...session, isPrepared: true };
}

function isPrepared(session: Session): session is PreparedSession {
  return "isPrepared" in session;
}

function failureOf(error: Error): MigrationError {
  return sqlStateOf(error) === MOVED ? sessionMoved() : connectionLost(error);
}
