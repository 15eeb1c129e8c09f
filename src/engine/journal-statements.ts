// The journal's table and every statement about it, as text. Pure; what a migration's entries mean is in journal.ts.
import type { Migration, Script } from "../migration/manifest.ts";
import { identifier, literal, qualified } from "./quote.ts";
import type { Target } from "./target.ts";

/** Who writes an entry. */
export interface EntryAuthor {
  readonly runId: string;
  readonly invocationId: string;
  readonly batch: number;
}

function journalTable({ schema, journal }: Target): string {
  return qualified({ schema, name: journal });
}

/**
 * Creates the journal, format 1. Later formats only add columns, so that an older build goes on reading.
 *
 * Entries are never deleted. `is_current` marks the one that says a migration is, or may be, in the schema; the unique
 * index behind it is what finally keeps two runs from applying one migration, should every lock fail.
 */
export function createStatements(target: Target): readonly string[] {
  const table = journalTable(target);
  return [
    `create table ${table} (
  id bigint generated always as identity primary key,
  version text not null,
  name text not null,
  state text not null,
  is_current boolean not null,
  batch integer not null,
  checksum text not null,
  phase text not null,
  transactional boolean not null,
  statements_done integer not null,
  down jsonb,
  run_id text not null,
  invocation_id text not null,
  xid text,
  started_at timestamptz not null,
  finished_at timestamptz
)`,
    `create unique index on ${table} (version) where is_current`,
    `comment on table ${table} is 'HelloJohn migration journal, format 1. Written by the migration hook; do not edit.'`,
  ];
}

/** Each version's newest entry, and the newest batch of all. */
export function readStatement(target: Target): string {
  return `select distinct on (version) id, version, name, state, batch, checksum, transactional, statements_done, run_id, to_char(finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as finished_at, round(extract(epoch from finished_at - started_at) * 1000)::bigint as duration_ms, max(batch) over () as newest_batch from ${journalTable(target)} order by version, id desc`;
}

/** Opens an entry. `xid` proves at the end that the transaction is still the one that began. */
export function insertStatement(target: Target, author: EntryAuthor, migration: Migration): string {
  const { version, name, checksum, up } = migration;
  const values = [version, name, "started", true, author.batch, checksum, "expand", up.transactional, 0].map(literal);
  const down = migration.down === null ? "null" : `${literal(JSON.stringify(compiledDown(migration.down)))}::jsonb`;
  const rest = [
    down,
    literal(author.runId),
    literal(author.invocationId),
    "pg_current_xact_id()::text",
    "clock_timestamp()",
  ];
  return `insert into ${journalTable(target)} (version, name, state, is_current, batch, checksum, phase, transactional, statements_done, down, run_id, invocation_id, xid, started_at) values (${[...values, ...rest].join(", ")}) returning id`;
}

/** What the journal keeps of a down script: enough to run it without this build. */
function compiledDown({ file, transactional, timeoutMs, sql, statements }: Script): object {
  const texts = statements.map(({ start, end, ...kind }) => ({ sql: sql.slice(start, end), ...kind }));
  return { file, transactional, timeoutMs, statements: texts };
}

/**
 * Completes the entry of this transaction. Division by zero when there is none: then the file ended the transaction
 * that its entry was written in, and nothing of what follows may be committed.
 */
export function completeInTransactionStatement(target: Target, version: string): string {
  const mine = `version = ${literal(version)} and is_current and xid = pg_current_xact_id()::text`;
  return guarded(`update ${journalTable(target)} set state = 'applied', finished_at = clock_timestamp() where ${mine}`);
}

/** Records one more statement of a script that is not transactional; the last one completes the entry. */
export function recordStatement(target: Target, entryId: string, done: number, isLast: boolean): string {
  const complete = isLast ? ", state = 'applied', finished_at = clock_timestamp()" : "";
  const mine = `id = ${literal(entryId)} and is_current and state = 'started' and statements_done = ${done - 1}`;
  return guarded(`update ${journalTable(target)} set statements_done = ${done}${complete} where ${mine}`);
}

function guarded(update: string): string {
  return `with entry as (${update} returning started_at, finished_at) select 1 / count(*) as proof, max(to_char(finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as finished_at, max(round(extract(epoch from finished_at - started_at) * 1000))::bigint as duration_ms from entry`;
}

/** For messages to people. */
export function journalName(target: Target): string {
  return `${identifier(target.schema)}.${identifier(target.journal)}`;
}
