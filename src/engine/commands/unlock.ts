// `unlock`: ends the session that holds the run lock, when it is the one the operator named.

import { type LockHolder, MigrationError } from "../../failure/failure.ts";
import { lockCondition, lockKey, readHolder } from "../lock.ts";
import { send, sqlStateOf } from "../message.ts";
import { connectionLost } from "../open-session.ts";
import { finishUnlocked, refuse } from "../report.ts";
import type { Report } from "../report-schema.ts";
import type { Request } from "../request.ts";
import type { PreparedWork } from "../work.ts";

type UnlockRequest = Extract<Request, { command: "unlock" }>;

/**
 * Only the holder of this lock can be ended, and only by its pid: between looking and asking another run may have taken
 * the lock. What it was doing is rolled back by the server, or left `started` for the next run.
 */
export async function unlock({ draft, session, target }: PreparedWork, { pid }: UnlockRequest): Promise<Report> {
  const key = lockKey(target.schema, target.journal);
  const holder = await readHolder(session, key);
  if (holder?.pid !== pid) {
    const who = holder === null ? "nobody does" : `pid ${holder.pid} (${holder.application ?? "unnamed"}) does`;
    const message = `names ${pid}, which does not hold the run lock: ${who}`;
    return refuse(draft, [{ code: "NOT_OURS", field: "pid", message }]);
  }
  const { completed, error } = await send(
    session.connection,
    // As who logged in, as every session of ours did: a role that is set for it by default may not end them.
    `set local role none; select pg_terminate_backend(pid, ${PATIENCE_MS}) as has_ended from pg_locks where pid = ${pid} and ${lockCondition(key)}`,
  );
  if (sqlStateOf(error) === "42501") throw notAllowed(session.facts.role, holder);
  if (error !== null) throw connectionLost(error, "Whether it was ended is not known here. Ask again.");
  const ended = completed[1]?.[0]?.["has_ended"];
  if (ended === undefined)
    return refuse(draft, [{ code: "NOT_OURS", field: "pid", message: `names ${pid}, which ended by itself` }]);
  if (ended !== "t") throw stillThere(holder);
  return finishUnlocked(draft, holder);
}

/** How long a backend may take to end: it answers to signals between two steps of what it is doing. */
const PATIENCE_MS = 5_000;

function stillThere(holder: LockHolder): MigrationError {
  return new MigrationError({
    code: "LOCK_NOT_ACQUIRED",
    message: `pid ${holder.pid} was told to end and still holds the run lock after ${PATIENCE_MS / 1000} s`,
    hint: "It ends as soon as it looks. Ask hj migrations status again in a minute.",
    details: { waitedMs: PATIENCE_MS, holder },
  });
}

function notAllowed(role: string, holder: LockHolder): MigrationError {
  return new MigrationError({
    code: "PERMISSION_DENIED",
    message: `${role} may not end the session of another role (pid ${holder.pid})`,
    hint: "Nothing was changed. Unlock as the role that runs the migrations, or grant pg_signal_backend.",
    details: { role, privilege: "pg_signal_backend", object: `pid ${holder.pid}` },
  });
}
