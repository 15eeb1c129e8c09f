// Partitions: what is done to a partitioned table is mostly done to each of them. Pure.
import type { TableLock } from "../migration/foreseen.ts";
import type { ObjectName } from "../migration/manifest.ts";
import type { Action } from "./action.ts";
import { type KnownSchema, nameKey } from "./known-schema.ts";

/** The partitioned table over all others; a table that is no partition is its own. */
export function rootOf(schema: KnownSchema, table: ObjectName): ObjectName {
  const parent = schema.get(nameKey(table))?.partitionOf ?? null;
  return parent === null ? table : rootOf(schema, parent);
}

/** Tables that store values of a type, by its name alone. A partitioned one stores none, its partitions do. */
export function storing(schema: KnownSchema, type: ObjectName): readonly ObjectName[] {
  const hasType = (table: ObjectName) =>
    [...(schema.get(nameKey(table))?.columns.values() ?? [])].some((column) => column.type.name === type.name);
  return [...schema.values()]
    .filter(({ name, isPartitioned }) => !isPartitioned && (hasType(name) || hasType(rootOf(schema, name))))
    .map(({ name }) => name);
}

/** A lock, and what PostgreSQL takes with it of the table's partitions. */
export function withPartitions(lock: TableLock, action: Action, schema: KnownSchema): readonly TableLock[] {
  if (!reachesPartitions(action, schema) || isAboutOne(action, lock.table, schema)) return [lock];
  const partitions = [...schema.values()].filter(
    ({ partitionOf }) => partitionOf !== null && nameKey(partitionOf) === nameKey(lock.table),
  );
  if (partitions.length === 0) return [lock];
  // The rows are in the partitions alone.
  const own = { ...lock, work: null };
  return [own, ...partitions.flatMap(({ name }) => withPartitions({ ...lock, table: name }, action, schema))];
}

/** A single partition that comes or goes locks its parent, and none of the others. */
function isAboutOne(action: Action, parent: ObjectName, schema: KnownSchema): boolean {
  if (action.kind === "create_table")
    return action.partitionOf !== null && nameKey(action.partitionOf) === nameKey(parent);
  if (action.kind === "detach_partition") return nameKey(action.table) === nameKey(parent);
  const of = action.kind === "drop" ? schema.get(nameKey(action.name))?.partitionOf : null;
  return of !== null && of !== undefined && nameKey(of) === nameKey(parent);
}

/** As measured on PostgreSQL 14 and 18; an INSERT locks those that its rows belong to, which nobody foresees. */
function reachesPartitions(action: Action, schema: KnownSchema): boolean {
  // Partitions have the checks of their parent under the same name, and keys under names of their own.
  if (action.kind === "rename_constraint") {
    const { kind } = schema.get(nameKey(action.table))?.constraints.get(action.constraint) ?? {};
    return kind === "check" || kind === "not_null";
  }
  return action.kind === "create_index" ? !action.isOnly : REACHING.has(action.kind);
}

const REACHING: ReadonlySet<Action["kind"]> = new Set<Action["kind"]>([
  ...(["create_table", "add_column", "drop_column", "rename_column", "change_type"] as const),
  ...(["set_not_null", "drop_not_null", "set_default", "drop_default"] as const),
  ...(["add_constraint", "validate_constraint", "drop_constraint", "create_trigger"] as const),
  ...(["detach_partition", "drop_index", "drop", "truncate", "update", "delete", "lock_table"] as const),
]);
