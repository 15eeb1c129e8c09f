// The run lock: a session advisory lock, polled. Why polled, and why never inside a transaction:
// a session that waits in pg_advisory_lock holds a snapshot, and the holder's CREATE INDEX CONCURRENTLY waits for it.
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type LockHolder, MigrationError } from "../failure/failure.ts";
import { describeHolder } from "./describe-sight.ts";
import { isServerError, type Row, send, sqlStateOf } from "./message.ts";
import { isDetached, isDirect, isSameRun, type Session } from "./open-session.ts";
import { poolerDetected, sessionMoved } from "./pooler.ts";
import { asPrepared, MOVED, type PreparedSession, preparation } from "./prepare-session.ts";
import { literal } from "./quote.ts";
import type { RunContext } from "./run-context.ts";
import { createPrivilege, mayNotCreate } from "./session.ts";
import { buildStatement, decodeBuild } from "./sight.ts";
import type { Target } from "./target.ts";

/**
 * The first 8 bytes of SHA-256 over a namespace, the schema and the journal's name. Advisory locks are per database,
 * so the database's name need not be in it: https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
 */
export function lockKey(schema: string, journal: string): bigint {
  const name = ["hellojohn-migration-hook", schema, journal].join("\0");
  const known = keys.get(name);
  if (known !== undefined) return known;
  const key = createHash("sha256").update(name).digest().readBigInt64BE(0);
  keys.set(name, key);
  return key;
}

/** Every step of a run asks again. */
const keys = new Map<string, bigint>();

/** An SQL condition over pg_locks: this lock, granted, whoever in this database has it. */
export function lockCondition(key: bigint): string {
  return `${keyCondition(key)} and database = (select oid from pg_database where datname = current_database()) and granted`;
}

/**
 * Division by zero unless this very backend holds the lock: a pooler may have moved us, or the server dropped it. A
 * backend knows one database, and waits for nothing while it answers. With a mark also unless the session is called so.
 */
export function ownershipStatement(key: bigint, mark: string | null = null): string {
  const isMarked = mark === null ? "" : ` and current_setting('application_name') = ${literal(mark)}`;
  return `select 1 / count(*) as proof from pg_locks where pid = pg_backend_pid() and ${keyCondition(key)}${isMarked}`;
}

/**
 * The same for a session of which nobody can have taken the lock away, and a tenth of the cost of a look at every lock of the
 * server: a lock that is ours is granted again, until the transaction ends, and one that is another's is not.
 */
export function exclusiveStatement(key: bigint, backendPid: number, mark: string | null): string {
  const isMarked = mark === null ? "" : ` and current_setting('application_name') = ${literal(mark)}`;
  return `select 1 / (pg_backend_pid() = ${backendPid} and pg_try_advisory_xact_lock(${key})${isMarked})::int as proof`;
}

/** A bigint key is stored as its two halves. */
function keyCondition(key: bigint): string {
  const [high, low] = [BigInt.asUintN(32, key >> 32n), BigInt.asUintN(32, key)];
  return `locktype = 'advisory' and classid = ${high} and objid = ${low} and objsubid = 1`;
}

/** How long a lock that is not free is waited for, in milliseconds. */
export interface LockWaits {
  readonly waitMs: number;
  /** While its holder builds an index that may be left to the server: such a wait is progress. Null: like any other. */
  readonly buildMs: number | null;
}

/** What asking for the lock came to. */
export interface Acquired {
  readonly session: PreparedSession;
  /** Who has the lock instead of us, and still builds an index that was left to the server; null where it is ours. */
  readonly builder: LockHolder | null;
}

/**
 * Gives the session its settings and takes the lock; throws where another run holds it, or where the role could not write.
 * Not re-entrant behind a proxy: a lock that is already ours was taken by another client over the same backend, which proves
 * a transaction pooler.
 *
 * `onAsked` is called while the answer is on its way, each time.
 */
export async function acquireLock(
  opened: Session,
  target: Target,
  context: RunContext,
  { waitMs, buildMs }: LockWaits,
  onAsked: () => void = () => {},
): Promise<Acquired> {
  const key = lockKey(target.schema, target.journal);
  const startedAt = performance.now();
  let session = opened;
  for (;;) {
    const state = await tryLock(session, target, onAsked);
    if (state === "moved") throw sessionMoved();
    if (state === "mine") throw poolerDetected("another client holds the run lock over the same backend");
    if (state === "denied") throw mayNotCreate(session.facts, target);
    const prepared = asPrepared(session);
    if (state === "got") return { session: prepared, builder: null };
    session = prepared;
    const holder = await readHolder(prepared, key);
    const builder = buildMs !== null && isDetached(holder?.application ?? null) ? holder : null;
    // Such a build outlives also an invocation that died without an answer: then we are the one that has to give it.
    if (builder === null && context.mayBeTwice && isSameRun(session.applicationName, holder?.application ?? null))
      throw alreadyRunning(holder);
    const waitedMs = performance.now() - startedAt;
    if (context.signal.aborted) throw cancelled();
    const limitMs = builder === null || buildMs === null ? waitMs : buildMs;
    if (waitedMs >= limitMs && builder !== null) return { session: prepared, builder };
    if (waitedMs >= limitMs) throw notAcquired(waitedMs, holder);
    context.onProgress({ kind: "lock_busy", holder, waitedMs });
    // Jitter, or a fleet of waiters asks in the same instant for ever.
    await sleep(Math.min(limitMs - waitedMs, 200 + Math.random() * 600), null, { signal: context.signal }).catch(
      () => {},
    );
  }
}

/**
 * Gives the lock back. Only for a session that acquireLock returned for; losing the connection has the same effect. A
 * pooler that has moved us leaves the lock with a backend that no message of ours reaches: that backend is ended.
 */
export async function releaseLock({ connection, facts }: Session, target: Target): Promise<void> {
  const key = lockKey(target.schema, target.journal);
  await send(
    connection,
    `select case when pg_backend_pid() = ${facts.backendPid} then pg_advisory_unlock(${key}) else (select pg_terminate_backend(pid) from pg_locks where pid = ${facts.backendPid} and ${lockCondition(key)}) end`,
  );
}

async function tryLock(session: Session, target: Target, onAsked: () => void): Promise<string> {
  const key = lockKey(target.schema, target.journal);
  // A session that leads straight to its backend shares it with nobody.
  const isMine = isDirect(session)
    ? ""
    : ` when exists (select from pg_locks where pid = pg_backend_pid() and ${keyCondition(key)}) then 'mine'`;
  const states = `when pg_backend_pid() <> ${session.facts.backendPid} then 'moved'${isMine} when ${createPrivilege(target)} is not true then 'denied' when pg_try_advisory_lock(${key}) then 'got' else 'busy'`;
  const answer = send(
    session.connection,
    [...preparation(session, target), `select case ${states} end as state`].join(";\n"),
  );
  onAsked();
  const { completed, error } = await answer;
  if (sqlStateOf(error) === MOVED) return "moved";
  const state = completed.at(-1)?.[0]?.["state"];
  if (error !== null || state == null) throw lost(error);
  return state;
}

/** Who holds the lock now; null when nobody does. */
export async function readHolder(session: PreparedSession, key: bigint): Promise<LockHolder | null> {
  const { completed, error } = await send(session.connection, holderStatement(key));
  if (error !== null) throw lost(error);
  return decodeHolder(completed[0]?.[0]);
}

function holderStatement(key: bigint): string {
  const iso = literal('YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
  return `select pid, application_name, to_char(backend_start at time zone 'UTC', ${iso}) as connected_at, state, to_char(state_change at time zone 'UTC', ${iso}) as state_since, build.* from pg_locks left join pg_stat_activity using (pid) left join lateral (${buildStatement("pg_locks.pid")}) as build on true where ${lockCondition(key)}`;
}

function decodeHolder(row: Row | undefined): LockHolder | null {
  if (row === undefined) return null;
  return {
    pid: Number(row["pid"]),
    application: row["application_name"] ?? null,
    connectedAt: row["connected_at"] ?? null,
    state: row["state"] ?? null,
    stateSince: row["state_since"] ?? null,
    build: decodeBuild(row),
  };
}

function notAcquired(waitedMs: number, holder: LockHolder | null): MigrationError {
  const who = holder === null ? "a session that has just ended" : describeHolder(holder);
  return new MigrationError({
    code: "LOCK_NOT_ACQUIRED",
    message: `another run holds the lock: ${who}; waited ${Math.round(waitedMs / 1000)} s`,
    hint: `Nothing was changed by this run. Run again when the other one is done; what it applied is not applied twice.${holder === null ? "" : ` A session that hangs is ended with hj migrations unlock ${holder.pid}.`}`,
    details: { waitedMs: Math.round(waitedMs), holder },
  });
}

function alreadyRunning(holder: LockHolder | null): MigrationError {
  return new MigrationError({
    code: "ALREADY_RUNNING",
    message: `this very run is at work already, in pid ${holder?.pid}: its event was delivered twice`,
    hint: "Nothing was changed by this invocation. The other one answers.",
    details: { holder },
  });
}

function cancelled(): MigrationError {
  return new MigrationError({
    code: "CANCELLED",
    message: "stopped while waiting for another run",
    hint: "Nothing was changed by this run.",
    details: { version: null },
  });
}

function lost(error: Error | null): MigrationError {
  const sqlState = sqlStateOf(error);
  const what = isServerError(error) ? error.message : "the connection was lost";
  return new MigrationError(
    {
      code: "CONNECTION_LOST",
      message: `${what} while the run lock was being taken`,
      hint: "Nothing was changed by this run. Run again.",
      details: { version: null, sqlState },
    },
    { cause: error },
  );
}
