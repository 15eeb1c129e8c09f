// How indexes stand in the catalog, and what interrupted builds have left of them, as statements and their decoding. Pure.
import type { ObjectName, ReindexScope } from "../migration/manifest.ts";
import type { Row } from "./message.ts";
import { identifier, literal, qualified } from "./quote.ts";

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

/** Those that still exist; for decodeNames. */
export function existingIndexesStatement(indexes: readonly ObjectName[]): string {
  return `${NAMES} where c.oid in (${indexes.map(oidOf).join(", ")})`;
}

/**
 * What interrupted REINDEX CONCURRENTLYs have left in this scope: new indexes that were not done, and old ones that were
 * not dropped. For decodeNames.
 */
export function reindexLeftoversStatement(scope: ReindexScope): string {
  return `${NAMES} join pg_index i on i.indexrelid = c.oid where not i.indisvalid and c.relkind = 'i' and c.relname ~ '_cc(new|old)[0-9]*$' and i.indrelid in (${tablesOf(scope)})`;
}

/** The partitions that hold the data of a partitioned table or index; none of one that is not. For decodeNames. */
export function leavesStatement(name: ObjectName): string {
  return `${NAMES} join pg_partition_tree(${oidOf(name)}) on relid = c.oid where isleaf and level > 0`;
}

/** The index, or all of the table, as far as invalid. A partitioned index has no data that could be. For decodeNames. */
export function invalidIndexesStatement(scope: Extract<ReindexScope, { of: "index" | "table" }>): string {
  const within = `i.${scope.of === "index" ? "indexrelid" : "indrelid"} in (${treeOf(scope.name)})`;
  return `${NAMES} join pg_index i on i.indexrelid = c.oid where not i.indisvalid and c.relkind = 'i' and ${within}`;
}

/** Decodes rows of names. */
export function decodeNames(rows: readonly Row[] | undefined): readonly ObjectName[] {
  return (rows ?? []).map((row) => ({ schema: row["schema"] ?? null, name: row["name"] ?? "" }));
}

const NAMES =
  "select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace";

/** The tables whose indexes a REINDEX makes anew, partitions and TOAST tables among them. */
function tablesOf(scope: ReindexScope): string {
  switch (scope.of) {
    case "index":
      return `select indrelid from pg_index where indexrelid in (${treeOf(scope.name)})`;
    case "table":
      return withToast(`oid in (${treeOf(scope.name)})`);
    case "schema":
      return withToast(`relnamespace = to_regnamespace(${literal(identifier(scope.schema))})`);
    case "database":
      return "select oid from pg_class";
  }
}

function treeOf(name: ObjectName): string {
  return `select ${oidOf(name)} union select relid from pg_partition_tree(${oidOf(name)})`;
}

function withToast(condition: string): string {
  return `select unnest(array[oid, reltoastrelid]) from pg_class where ${condition}`;
}

function oidOf(name: ObjectName): string {
  return `to_regclass(${literal(qualified(name))})`;
}
