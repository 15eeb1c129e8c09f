// What another session sees of a backend that is at work: who blocks it, and how far its index build is. Pure.
import type { Blocker, IndexBuild } from "../failure/failure.ts";
import type { Reply, Row } from "./message.ts";
import { literal } from "./quote.ts";

/** One look. */
export interface Sight {
  /** In the order of their transactions, the oldest first; empty where nobody blocks. */
  readonly blockers: readonly Blocker[];
  /** Null where no index is being built. */
  readonly build: IndexBuild | null;
}

const ISO = literal('YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

/**
 * One message with two answers. What a role may not see of others (without pg_read_all_stats) is null; the text of
 * their queries is asked for only where somebody wants it, because it can hold secrets.
 *
 * https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SESSION, pg_blocking_pids
 */
export function sightStatements(pid: number, showQueries: boolean): string {
  return `select b.pid, a.application_name, a.state, to_char(a.xact_start at time zone 'UTC', ${ISO}) as since, held.mode, held.relation, cardinality(pg_blocking_pids(b.pid)) > 0 as is_blocked, coalesce(a.query like 'autovacuum:%to prevent wraparound%', false) as prevents_wraparound, ${showQueries ? "left(a.query, 200)" : "null"} as query
from (select distinct unnest(pg_blocking_pids(${pid})) as pid) as b left join pg_stat_activity a using (pid)
left join lateral (select string_agg(distinct own.mode, ', ') as mode, min(own.relation::regclass::text) as relation from pg_locks own join pg_locks awaited on awaited.pid = ${pid} and not awaited.granted and own.relation = awaited.relation and own.database = awaited.database where own.pid = b.pid and own.granted) as held on true
where b.pid <> 0 order by a.xact_start nulls last, b.pid;
${buildStatement(String(pid))}`;
}

/** One row while the backend with this pid builds an index. `pid` is SQL. */
export function buildStatement(pid: string): string {
  return `select phase, case when blocks_total > 0 then round(100.0 * blocks_done / blocks_total) when lockers_total > 0 then round(100.0 * lockers_done / lockers_total) end as percent from pg_stat_progress_create_index where pid = ${pid}`;
}

/** Null where nothing could be seen. */
export function decodeSight({ completed, error }: Reply): Sight | null {
  const [blockers, build] = completed;
  if (error !== null || blockers === undefined || build === undefined) return null;
  return { blockers: blockers.map(decodeBlocker), build: decodeBuild(build[0]) };
}

/** Decodes a row of buildStatement. */
export function decodeBuild(row: Row | undefined): IndexBuild | null {
  if (row?.["phase"] == null) return null;
  return { phase: row["phase"], percent: row["percent"] == null ? null : Number(row["percent"]) };
}

function decodeBlocker(row: Row): Blocker {
  return {
    pid: Number(row["pid"]),
    application: row["application_name"] ?? null,
    state: row["state"] ?? null,
    since: row["since"] ?? null,
    mode: row["mode"] ?? null,
    relation: row["relation"] ?? null,
    isBlocked: row["is_blocked"] === "t",
    preventsWraparound: row["prevents_wraparound"] === "t",
    ...(row["query"] != null && { query: row["query"] }),
  };
}
