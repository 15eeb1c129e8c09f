// Reads what of a sweep is there and how much it holds. Changes nothing, waits for no lock longer than a second, and ends
// in time however large the tables are. What it means is plan-losses.ts' to say.
import {
  countRowsStatement,
  countValuesStatement,
  decodeColumn,
  decodeTable,
  defaultStatement,
  findStatements,
} from "./loss-statements.ts";
import { isServerError, type Row, type ServerError, send, sqlStateOf } from "./message.ts";
import { connectionLost } from "./open-session.ts";
import { type Counted, chosen, type Doomed, type Loss } from "./plan-losses.ts";
import type { PreparedSession } from "./prepare-session.ts";
import type { Sweep } from "./sweep.ts";
import type { Target } from "./target.ts";

/** Who holds up the counting holds up whoever wants the same table next, if only behind us. */
const LOCK_TIMEOUT_MS = 1_000;

/** For one table or column: a bloated table, or a column that is null almost everywhere, is read to its end. */
const LONGEST_COUNT_MS = 5_000;

/** For all of them together. */
const LONGEST_MS = 20_000;

/** What a small schema needs, whatever is left of the invocation: it comes out of what is kept back to answer. */
const SHORTEST_MS = 1_000;

/** What cannot be counted is a loss with the reason. Throws a MigrationError when the catalog cannot be read. */
export async function countLosses(
  session: PreparedSession,
  target: Target,
  sweep: Sweep,
  withinMs: number,
): Promise<Counted> {
  if (sweep.tables.length + sweep.columns.length + sweep.calls.length === 0) return { losses: [], foreignCalls: [] };
  const longestMs = Math.max(SHORTEST_MS, Math.min(withinMs / 4, LONGEST_MS));
  const endsAt = performance.now() + longestMs;
  const found = await read(session, findStatements(sweep, target), longestMs);
  if ("error" in found) throw connectionLost(found.error);
  const [tables = [], columns = [], calls = []] = found.results;
  const losses: Loss[] = [];
  for (const doomed of chosen(sweep, { tables: tables.map(decodeTable), columns: columns.map(decodeColumn) })) {
    losses.push({ ...doomed, held: await count(session, doomed, endsAt) });
  }
  return { losses, foreignCalls: calls.map((row) => Number(row["number"])) };
}

async function count(session: PreparedSession, doomed: Doomed, endsAt: number): Promise<Loss["held"]> {
  const leftMs = Math.min(LONGEST_COUNT_MS, endsAt - performance.now());
  if (leftMs < 1) return { uncounted: "there was no time left to", isLocked: false };
  const { schema, table: name, column, oid } = doomed;
  let counting = countRowsStatement({ schema, name });
  if (column !== null) {
    const described = await read(session, [defaultStatement(oid, column)], leftMs);
    if ("error" in described) return explain(described.error, leftMs);
    counting = countValuesStatement({ schema, name }, column, described.results[0]?.[0] ?? {});
  }
  const counted = await read(session, [counting], leftMs);
  if ("error" in counted) return explain(counted.error, leftMs);
  return { count: Number(counted.results[0]?.[0]?.["count"]) };
}

/** In a transaction of its own. An error of the server's is a value; without a server it is thrown. */
async function read(
  { connection }: PreparedSession,
  statements: readonly string[],
  withinMs: number,
): Promise<{ readonly results: readonly (readonly Row[])[] } | { readonly error: ServerError }> {
  const ms = Math.max(1, Math.round(withinMs));
  const head = [
    "begin isolation level read committed read only",
    `set local lock_timeout = ${Math.min(LOCK_TIMEOUT_MS, ms)}`,
    `set local statement_timeout = ${ms}`,
    // A policy would hide rows that are lost all the same. Off, it is an error to be told.
    "set local row_security = off",
  ];
  const { completed, error } = await send(connection, [...head, ...statements, "commit"].join(";\n"));
  if (error === null) return { results: completed.slice(head.length) };
  if (!isServerError(error)) throw connectionLost(error);
  await send(connection, "rollback");
  return { error };
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
function explain(error: ServerError, withinMs: number): Loss["held"] {
  switch (sqlStateOf(error)) {
    case "42P01":
    case "42703":
    case "3F000":
      // Another run has dropped it since it was found.
      return { count: 0 };
    case "55P03":
      return { uncounted: "another session has the table to itself", isLocked: true };
    case "57014":
      return { uncounted: `it took longer than ${Math.round(withinMs / 100) / 10} s`, isLocked: false };
    default:
      return { uncounted: error.message, isLocked: false };
  }
}
