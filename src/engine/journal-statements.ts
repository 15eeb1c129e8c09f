// The journal's table and every statement about it, as text. Pure; what a migration's entries mean is in journal.ts.
import { type Migration, phaseOf } from "../migration/manifest.ts";
import { ENTRY_COLUMNS, type JournalEntry } from "./journal.ts";
import type { Resolution } from "./plan-resolve.ts";
import { identifier, literal, qualified } from "./quote.ts";
import type { Step } from "./step.ts";
import { storeDown } from "./stored-down.ts";
import type { Target } from "./target.ts";

/** Who writes an entry. */
export interface EntryAuthor {
  readonly runId: string;
  readonly invocationId: string;
  readonly batch: number;
}

/**
 * Creates the journal, format 1. Later formats only add columns, so that an older build goes on reading.
 *
 * Entries are never deleted. `is_current` marks the one that says a migration is, or may be, in the schema; the unique
 * index behind it is what finally keeps two runs from applying one migration, should every lock fail.
 */
export function createStatements(target: Target): readonly string[] {
  const table = tableOf(target);
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
  statements_done integer not null,
  statement_begun integer not null,
  down jsonb,
  irreversible text,
  resolution text,
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

/** Every entry there is, for decodeJournal, copied as they are: to have the server sort and print them costs twice as much. */
export function readStatement(target: Target): string {
  return `copy ${tableOf(target)} (${ENTRY_COLUMNS.join(", ")}) to stdout`;
}

/** The way back of some entries, by id. */
export function readDownsStatement(target: Target, entries: readonly JournalEntry[]): string {
  const ids = entries.map(({ id }) => literal(id)).join(", ");
  return `select id, down, irreversible from ${tableOf(target)} where id in (${ids})`;
}

/** Opens the entry of a step; the last of them returns its id. `xid` proves at the end that no transaction came between. */
export function openStatements(target: Target, author: EntryAuthor, step: Step): readonly string[] {
  if (step.direction === "up") return [`${insertUp(target, author, step.migration, BEGUN)} returning id`];
  const { entry } = step;
  return [proven(retire(target, entry, "applied")), copyStatement(target, author, entry, "rolling_back", true, null)];
}

/**
 * Completes the entry of this transaction. Division by zero when there is none: then the file ended the transaction
 * that its entry was written in, and nothing of what follows may be committed.
 */
export function completeInTransactionStatement(target: Target, { version, direction }: Step): string {
  const mine = `version = ${literal(version)} and is_current and xid = pg_current_xact_id()::text`;
  return proven(`update ${tableOf(target)} set ${FINISHED[direction]} where ${mine}`);
}

/**
 * The whole entry of a migration that is one transaction, behind it: for one that cannot have ended that transaction, which
 * openStatements and completeInTransactionStatement are there to find out. It took from the transaction's start until now.
 */
export function appliedStatement(target: Target, author: EntryAuthor, migration: Migration): string {
  return proven(insertUp(target, author, migration, APPLIED));
}

/** Records one more statement of a script that is not transactional; the last one completes the entry. */
export function recordStatement(target: Target, step: Step, entryId: string, done: number, isLast: boolean): string {
  const complete = isLast ? `, ${FINISHED[step.direction]}` : "";
  const mine = `id = ${literal(entryId)} and is_current and finished_at is null and statements_done = ${done - 1}`;
  return proven(
    `update ${tableOf(target)} set statements_done = ${done}, statement_begun = 0${complete} where ${mine}`,
  );
}

/** Completes the entry of a script of which nothing is left to run. */
export function completeStatement(target: Target, { direction }: Step, entryId: string): string {
  const mine = `id = ${literal(entryId)} and is_current and finished_at is null`;
  return proven(`update ${tableOf(target)} set ${FINISHED[direction]} where ${mine}`);
}

/** Notes, before a statement runs alone, that whatever it leaves from now on is its own. */
export function beginStatement(target: Target, entryId: string, number: number): string {
  const mine = `id = ${literal(entryId)} and is_current and finished_at is null`;
  return proven(`update ${tableOf(target)} set statement_begun = ${number} where ${mine}`);
}

/** Says by an operator's word what no run could: the old entry stays, and is current no more. */
export function resolveStatements(target: Target, author: EntryAuthor, { entry, to }: Resolution): readonly string[] {
  const isCurrent = entry !== null && entry.state !== "rolled_back";
  const retired = isCurrent ? [proven(retire(target, entry, entry.state))] : [];
  switch (to.as) {
    case "applied":
      if (to.migration !== null)
        return [...retired, insertUp(target, author, to.migration, { ...DECLARED, resolution: to.as })];
      return [...retired, ...(entry ? [copyStatement(target, author, entry, "applied", true, to.as)] : [])];
    case "rolled_back":
      return [...retired, ...(entry ? [copyStatement(target, author, entry, "rolled_back", false, to.as)] : [])];
    case "checksum":
      return [...retired, ...(entry ? [recheckedStatement(target, author, entry, to.migration)] : [])];
  }
}

/** Records migrations that something else has applied. Each in a batch of its own, so that a rollback takes back one. */
export function adoptStatements(
  target: Target,
  author: Omit<EntryAuthor, "batch">,
  migrations: readonly Migration[],
): readonly string[] {
  return migrations.map((migration, index) =>
    insertUp(target, { ...author, batch: index + 1 }, migration, { ...DECLARED, resolution: "adopted" }),
  );
}

/** For messages to people. */
export function journalName(target: Target): string {
  return `${identifier(target.schema)}.${identifier(target.journal)}`;
}

function insertUp(
  target: Target,
  author: EntryAuthor,
  migration: Migration,
  { state, resolution, startedAt, finishedAt }: Account,
): string {
  const { version, name, checksum, irreversible } = migration;
  const values = [version, name, state, true, author.batch, checksum, phaseOf(migration), 0, 0].map(literal);
  const rest = [
    downLiteral(migration),
    ...[irreversible, resolution, author.runId, author.invocationId].map(literal),
    ...["pg_current_xact_id()::text", startedAt, finishedAt],
  ];
  return `insert into ${tableOf(target)} (${COLUMNS}) values (${[...values, ...rest].join(", ")})`;
}

/** What an entry says of a migration when it is written; the times are SQL. */
interface Account {
  readonly state: "started" | "applied";
  readonly resolution: string | null;
  readonly startedAt: string;
  readonly finishedAt: string;
}

const BEGUN: Account = { state: "started", resolution: null, startedAt: "clock_timestamp()", finishedAt: "null" };
const APPLIED: Account = { ...BEGUN, state: "applied", startedAt: "now()", finishedAt: "clock_timestamp()" };
/** By somebody's word, at once. */
const DECLARED: Account = { ...APPLIED, startedAt: "clock_timestamp()" };

/** A new entry for what an earlier one was about, whether this build ships that migration or not. */
function copyStatement(
  target: Target,
  author: EntryAuthor,
  entry: JournalEntry,
  state: "rolling_back" | "rolled_back" | "applied",
  isCurrent: boolean,
  resolution: string | null,
): string {
  const finishedAt = state === "rolling_back" ? "null" : "clock_timestamp()";
  const ids = [resolution, author.runId, author.invocationId].map(literal).join(", ");
  return `insert into ${tableOf(target)} (${COLUMNS}) select version, name, ${literal(state)}, ${isCurrent}, batch, checksum, phase, 0, 0, down, irreversible, ${ids}, pg_current_xact_id()::text, clock_timestamp(), ${finishedAt} from ${tableOf(target)} where id = ${literal(entry.id)} returning id`;
}

/** The same entry with what the build's files say today: its state and its times are those of the old one. */
function recheckedStatement(target: Target, author: EntryAuthor, entry: JournalEntry, migration: Migration): string {
  const { checksum, irreversible } = migration;
  const ids = [irreversible, "checksum", author.runId, author.invocationId].map(literal).join(", ");
  return `insert into ${tableOf(target)} (${COLUMNS}) select version, name, state, true, batch, ${literal(checksum)}, ${literal(phaseOf(migration))}, statements_done, statement_begun, ${downLiteral(migration)}, ${ids}, pg_current_xact_id()::text, started_at, finished_at from ${tableOf(target)} where id = ${literal(entry.id)} returning id`;
}

function downLiteral(migration: Migration): string {
  const down = storeDown(migration);
  return down === null ? "null::jsonb" : `${literal(down)}::jsonb`;
}

function retire(target: Target, { id }: JournalEntry, state: JournalEntry["state"]): string {
  return `update ${tableOf(target)} set is_current = false where id = ${literal(id)} and is_current and state = ${literal(state)}`;
}

/** Division by zero unless there is its row: an error is what keeps the rest of the transaction from happening. */
function proven(write: string): string {
  return `with entry as (${write} returning started_at, finished_at) select 1 / count(*) as proof, max(started_at) as started_at, max(finished_at) as finished_at from entry`;
}

function tableOf({ schema, journal }: Target): string {
  return qualified({ schema, name: journal });
}

const COLUMNS =
  "version, name, state, is_current, batch, checksum, phase, statements_done, statement_begun, down, irreversible, resolution, run_id, invocation_id, xid, started_at, finished_at";

const FINISHED = {
  up: "state = 'applied', finished_at = clock_timestamp()",
  down: "state = 'rolled_back', is_current = false, finished_at = clock_timestamp()",
} as const;
