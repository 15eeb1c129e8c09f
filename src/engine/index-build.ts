// What is left of an index build, as statements and their decoding. Pure.
import type { ObjectName } from "../migration/manifest.ts";
import type { Row } from "./message.ts";
import { literal, qualified } from "./quote.ts";

/** How a build of this index on this table stands in the catalog. */
export type IndexState = "absent" | "valid" | "invalid" | "other_table";

/** Reads the state of an index; names without a schema are found as PostgreSQL finds them, through search_path. */
export function indexStateStatement(index: ObjectName, table: ObjectName): string {
  // An index is created in the schema of its table, so the table decides where to look.
  return `select case when i.indrelid <> to_regclass(${literal(qualified(table))}) then 'other_table' when i.indisvalid and i.indisready and i.indislive then 'valid' else 'invalid' end as state from pg_class c join pg_index i on i.indexrelid = c.oid where c.relname = ${literal(index.name)} and c.relnamespace = (select relnamespace from pg_class where oid = to_regclass(${literal(qualified(table))}))`;
}

/** Decodes the answer to indexStateStatement. */
export function decodeIndexState(rows: readonly Row[] | undefined): IndexState {
  return (rows?.[0]?.["state"] as IndexState | undefined) ?? "absent";
}

/** Removes an index without holding anybody up. Fails when it is gone already, so that nothing is claimed. */
export function dropIndexStatement(index: ObjectName): string {
  return `drop index concurrently ${qualified(index)}`;
}

/** One row a name that still exists. */
export function existingIndexesStatement(indexes: readonly ObjectName[]): string {
  const names = indexes.map((index) => `to_regclass(${literal(qualified(index))})`).join(", ");
  return `select oid::regclass::text as name from pg_class where oid in (${names})`;
}
