// Reads how large tables are, and who is on them, for a dry run: one message that writes nothing and waits for nobody.
import type { Problem } from "../failure/problem.ts";
import type { LiveTable } from "./foresight-schema.ts";
import { isServerError, type Row, send, sqlStateOf } from "./message.ts";
import type { Session } from "./open-session.ts";
import { identifier, literal } from "./quote.ts";
import { lookingStatements } from "./session.ts";

/** A table to look for, and how the report names it. */
export interface WantedTable {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
}

/** What was seen; both null where it could not be read. A table that is not there is not listed. */
export interface LiveReading {
  readonly tables: readonly LiveTable[] | null;
  readonly oldestTransactionMs: number | null;
  readonly warnings: readonly Problem[];
}

/** The catalogs can be read in a fraction of it. */
const LOCK_TIMEOUT_MS = 1_000;
const LONGEST_MS = 10_000;

/** Never throws, and takes no longer than `withinMs`: a dry run is worth having without its figures. */
export async function readLiveTables(
  session: Session,
  wanted: readonly WantedTable[],
  withinMs: number,
): Promise<LiveReading> {
  const [begin, ...statements] = liveStatements(wanted, withinMs);
  const looking = lookingStatements(session);
  const { completed, error } = await send(session.connection, [begin, ...looking, ...statements].join(";\n"));
  if (isServerError(error)) await send(session.connection, "rollback");
  const [seen, measured = []] = completed.slice(SEEN + looking.length);
  if (seen === undefined) return { tables: null, oldestTransactionMs: null, warnings: [unread("figures", error)] };
  const sizes = new Map(measured.map((row) => [row["at"], row]));
  const [database, ...rows] = seen;
  const isHidden = rows.some((row) => row["is_hidden"] === "t");
  return {
    tables: rows.flatMap((row) => decodeTable(row, sizes.get(row["at"] ?? null), wanted)),
    oldestTransactionMs: numberIn(database, "transaction_ms"),
    warnings: [...(error === null ? [] : [unread("sizes", error)]), ...(isHidden ? [hidden(session.facts.role)] : [])],
  };
}

/** Among liveStatements; the sizes are the next. */
const SEEN = 4;

/**
 * The sizes come last, because only they need a lock of their own, if a weak one and for a moment: should one have to be
 * waited for, all else has been answered. Works for any role, and on a standby.
 */
export function liveStatements(wanted: readonly WantedTable[], withinMs: number): readonly string[] {
  const tables = wanted.map(({ schema, table }, at) => `(${at}, ${literal(schema)}::name, ${literal(table)}::name)`);
  const relations = RELATIONS.replace("$tables", () => tables.join(", "));
  return [
    "begin isolation level read committed read only",
    `set local lock_timeout = ${LOCK_TIMEOUT_MS}`,
    `set local statement_timeout = ${Math.max(1, Math.round(Math.min(LONGEST_MS, withinMs) / 2))}`,
    // JIT compilation takes longer than the query, where a busy catalog makes it look costly.
    "set local jit = off",
    `with recursive ${relations}, ${SESSIONS}\n${SEEN_QUERY}`,
    `with recursive ${relations}\n${SIZES_QUERY}`,
    "commit",
  ];
}

/**
 * The tables that are there, and everything below them: partitions, and what inherits. reltuples is as old as the last
 * ANALYZE (-1: never), the statistics' count goes on from there but may have been reset; both err by saying too little.
 *
 * https://www.postgresql.org/docs/current/catalog-pg-class.html, monitoring-stats.html
 */
const RELATIONS = `wanted (at, schema, name) as (values $tables),
found as (select at, c.oid from wanted join pg_catalog.pg_namespace n on nspname = schema join pg_catalog.pg_class c on relnamespace = n.oid and relname = name where relkind in ('r', 'p', 'm', 'v', 'f')),
below (at, oid) as (select at, oid from found union select at, inhrelid from below join pg_catalog.pg_inherits on inhparent = below.oid),
relation as materialized (select at, c.oid, relkind, reltoastrelid, case when relkind = 'v' then null when reltuples >= 0 then greatest(reltuples, live) when live > 0 then live end as rows from below join pg_catalog.pg_class c on c.oid = below.oid cross join lateral pg_catalog.pg_stat_get_live_tuples(c.oid) as live)`;

/** Who is in a transaction, and where. What a role may not see of others is null, their pid and application aside. */
const SESSIONS = `activity as materialized (select a.*, case when xact_start is not null then floor(1000 * greatest(0, extract(epoch from clock_timestamp() - xact_start))) end as transaction_ms, case when state = 'active' then floor(1000 * greatest(0, extract(epoch from clock_timestamp() - query_start))) end as query_ms from pg_catalog.pg_stat_activity a where datname = current_database() and pid <> pg_backend_pid()),
present as materialized (select distinct at, a.* from pg_catalog.pg_locks l join relation on relation = relation.oid join activity a on a.pid = l.pid where locktype = 'relation' and database = (select oid from pg_catalog.pg_database where datname = current_database())),
oldest as (select distinct on (at) at, pid, transaction_ms, coalesce(nullif(application_name, ''), nullif(backend_type, 'client backend')) as application from present order by at, transaction_ms desc nulls last, leader_pid is not null, pid)`;

/** The first row is the database's. An index build waits for no VACUUM there. */
const SEEN_QUERY = `select null::int as at, null::numeric as rows, null::bigint as unknown, null::int as pid, null as application, max(transaction_ms) as transaction_ms, null::numeric as query_ms, null::boolean as is_hidden from activity where backend_type <> 'autovacuum worker'
union all
select at, estimate.rows, estimate.unknown, oldest.pid, oldest.application, oldest.transaction_ms, query_ms, is_hidden from found
join (select at, coalesce(sum(rows) filter (where relkind <> 'p'), 0) as rows, count(*) filter (where relkind <> 'p' and rows is null) as unknown from relation group by at) as estimate using (at)
left join oldest using (at)
left join (select at, max(query_ms) as query_ms, bool_or(transaction_ms is null) as is_hidden from present group by at) as queries using (at)
order by at nulls first`;

/**
 * A size cannot be had of what somebody has to himself, or waits to have: the functions open the table, its indexes and
 * its TOAST table under ACCESS SHARE. `filled` counts what holds rows though no statistics say how many.
 */
const SIZES_QUERY = `, part (at, oid) as (select at, oid from relation union select at, reltoastrelid from relation where reltoastrelid <> 0),
taken as materialized (select distinct at from (select at, oid from part union select at, indexrelid from part join pg_catalog.pg_index on indrelid = part.oid) as opened join pg_catalog.pg_locks on relation = opened.oid and locktype = 'relation' and mode = 'AccessExclusiveLock' and database = (select oid from pg_catalog.pg_database where datname = current_database()))
select at, sum(case when relkind in ('v', 'f') or at in (select at from taken) then null else pg_catalog.pg_total_relation_size(oid) end) as bytes, count(case when relkind = 'p' or rows is not null then null when relkind in ('v', 'f') or at in (select at from taken) then 1 else nullif(pg_catalog.pg_relation_size(oid), 0) end) as filled from relation group by at`;

function decodeTable(row: Row, size: Row | undefined, wanted: readonly WantedTable[]): readonly LiveTable[] {
  const table = wanted[Number(row["at"])];
  if (table === undefined) return [];
  const pid = numberIn(row, "pid");
  // What was never analyzed and holds nothing has no rows; of all else that was not, nobody knows.
  const isKnown = row["unknown"] === "0" || size?.["filled"] === "0";
  return [
    {
      name: table.name,
      rows: isKnown ? numberIn(row, "rows") : null,
      bytes: numberIn(size, "bytes"),
      oldestTransactionMs: numberIn(row, "transaction_ms"),
      longestQueryMs: numberIn(row, "query_ms"),
      session: pid === null ? null : { pid, application: row["application"] ?? null },
    },
  ];
}

function numberIn(row: Row | undefined, column: string): number | null {
  const text = row?.[column];
  return text == null ? null : Math.round(Number(text));
}

function unread(what: "figures" | "sizes", error: Error | null): Problem {
  const sqlState = sqlStateOf(error);
  const reason = error === null ? "no answer" : `${error.message}${sqlState === null ? "" : ` (${sqlState})`}`;
  const subject = what === "figures" ? "how large the tables are, and who is on them," : "how large the tables are";
  return { code: "NOT_AVAILABLE", message: `${subject} could not be read: ${reason}` };
}

function hidden(role: string): Problem {
  return {
    code: "NOT_AVAILABLE",
    message: `${role} may not see how long other roles' transactions have been open: that takes pg_read_all_stats`,
    hint: `grant pg_read_all_stats to ${identifier(role)};`,
  };
}
