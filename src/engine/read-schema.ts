// Reads what is in the schema now, in one round trip. What it means is schema/'s to say.
import type { ObjectKind } from "../migration/schema-change.ts";
import { catalogStatements } from "../schema/catalog-query.ts";
import { decodeSnapshot, type Snapshot } from "../schema/snapshot.ts";
import { copiedRows } from "./copied-text.ts";
import { isServerError, send, sqlStateOf } from "./message.ts";
import { connectionLost, type Session } from "./open-session.ts";
import { literal } from "./quote.ts";
import { lookingStatements } from "./session.ts";
import type { Target } from "./target.ts";

/** Of these an attempt may end that the next one does not. */
const RETRIED: readonly (string | null)[] = [
  "XX000", // internal_error: an object was dropped while it was being printed
  "55P03", // lock_not_available
];
const ATTEMPTS = 3;

/** Who holds up the reading holds up whoever wants the same table next, if only behind us. */
const LOCK_TIMEOUT_MS = 1_000;

/** A schema is read in a fraction of it, unless the server is in trouble. */
const LONGEST_MS = 60_000;

/**
 * Changes nothing. Definitions are printed under a lock on their table (pg_get_expr), so a session that has one to itself
 * keeps this waiting: throws a MigrationError after three seconds of that, after `withinMs`, and when the catalog cannot
 * be read. With `kinds`, objects of others may be missing.
 */
export async function readSchema(
  session: Session,
  target: Pick<Target, "schema" | "journal">,
  withinMs: number,
  kinds: ReadonlySet<ObjectKind> | null = null,
): Promise<Snapshot> {
  const endsAt = performance.now() + Math.min(withinMs, LONGEST_MS);
  const scope = { schema: literal(target.schema), journal: literal(target.journal) };
  const [begin, ...reading] = catalogStatements(scope, kinds);
  const looking = lookingStatements(session);
  for (let attempt = 1; ; attempt++) {
    const leftMs = Math.max(1, Math.round(endsAt - performance.now()));
    const limits = [
      `set local lock_timeout = ${Math.min(LOCK_TIMEOUT_MS, leftMs)}`,
      `set local statement_timeout = ${leftMs}`,
    ];
    const { copied, error } = await send(session.connection, [begin, ...looking, ...limits, ...reading].join(";\n"));
    if (error === null) return decodeSnapshot(copiedRows(copied));
    if (isServerError(error)) await send(session.connection, "rollback");
    const isOver = attempt === ATTEMPTS || performance.now() >= endsAt;
    if (isOver || !RETRIED.includes(sqlStateOf(error))) throw connectionLost(error, hintFor(error));
  }
}

function hintFor(error: Error): string | undefined {
  switch (sqlStateOf(error)) {
    case "55P03":
      return "Nothing was changed. A session has a table of the schema to itself (another migration, VACUUM FULL, LOCK TABLE): let it end, and run again.";
    case "57014":
      return "Nothing was changed. The catalog could not be read in the time that there was: see how busy the server is, and run again.";
    default:
      return undefined;
  }
}
