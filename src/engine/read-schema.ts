// Reads what is in the schema now, in one round trip. What it means is schema/'s to say.
import { CATALOG_INDEX, catalogStatements } from "../schema/catalog-query.ts";
import { decodeSnapshot, type Snapshot } from "../schema/snapshot.ts";
import { isServerError, send, sqlStateOf } from "./message.ts";
import type { Session } from "./open-session.ts";
import { connectionLost } from "./open-session.ts";
import { literal } from "./quote.ts";
import type { Target } from "./target.ts";

/** XX000, internal_error: an object was dropped while it was being printed. */
const CHANGED_MEANWHILE = "XX000";

/** Changes nothing. Throws a MigrationError when the catalog cannot be read. */
export async function readSchema(
  { connection }: Pick<Session, "connection">,
  target: Pick<Target, "schema" | "journal">,
): Promise<Snapshot> {
  const sql = catalogStatements({ schema: literal(target.schema), journal: literal(target.journal) }).join(";\n");
  for (let attempt = 1; ; attempt++) {
    const { completed, error } = await send(connection, sql);
    if (error === null) return decodeSnapshot(completed[CATALOG_INDEX] ?? []);
    if (isServerError(error)) await send(connection, "rollback");
    if (sqlStateOf(error) !== CHANGED_MEANWHILE || attempt === 3) throw connectionLost(error);
  }
}
