// Which tables an action locks, how, and what it does to their rows meanwhile. Measured on PostgreSQL 14 and 18: a test runs
// every rule's example and reads pg_locks. https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
import { isStronger, type LockMode, type TableLock, type Work } from "../migration/foreseen.ts";
import type { ObjectName } from "../migration/manifest.ts";
import type { Action, Column, Constraint } from "./action.ts";
import {
  isProvenNotNull,
  type KnownSchema,
  nameKey,
  referencedBy,
  referencing,
  tableOfIndex,
  unprovenBy,
} from "./known-schema.ts";
import { storing, withPartitions } from "./partitions.ts";
import { workOfTypeChange } from "./type-change.ts";

/** The strongest lock on each table, new ones too; `schema` is as it was before. What no migration tells is not in it. */
export function locksOf(action: Action, schema: KnownSchema): readonly TableLock[] {
  return strongest(allLocks(action, schema).flatMap((lock) => withPartitions(lock, action, schema)));
}

/** One lock for each table: the strongest mode, and the work that takes longest. */
export function strongest(locks: readonly TableLock[]): readonly TableLock[] {
  const byTable = new Map<string, TableLock>();
  for (const next of locks) hold(byTable, next);
  return [...byTable.values()];
}

/** Adds a lock to the strongest so far, which are changed: they are as many as a file has tables. */
export function hold(held: Map<string, TableLock>, next: TableLock): void {
  const key = nameKey(next.table);
  const other = held.get(key);
  held.set(
    key,
    other === undefined
      ? next
      : {
          ...other,
          mode: isStronger(next.mode, other.mode) ? next.mode : other.mode,
          work: WORK.indexOf(next.work) > WORK.indexOf(other.work) ? next.work : other.work,
        },
  );
}

/** True for a lock that keeps writers waiting. */
export function blocksWrites({ mode }: TableLock): boolean {
  return isStronger(mode, "ShareUpdateExclusiveLock");
}

const WORK: readonly (Work | null)[] = [null, "scan", "build", "rewrite"];

function allLocks(action: Action, schema: KnownSchema): readonly TableLock[] {
  switch (action.kind) {
    case "create_table":
      return [
        ...action.constraints.flatMap(({ references }) => (references ? [sharing(references)] : [])),
        ...(action.partitionOf === null ? [] : [exclusive(action.partitionOf)]),
      ];
    case "add_column":
      return [
        exclusive(action.table, workOfColumn(action.added)),
        // Without a default the new column is null everywhere: PostgreSQL has no foreign key to look up.
        ...action.constraints.flatMap((constraint) => constraintLocks(action.table, constraint, action.added)),
      ];
    case "change_type": {
      const work = workOfTypeChange(schema, action);
      // Foreign keys over the column are made anew; only values that were written anew are looked up again.
      const others = joined(schema, action.table, action.column, true);
      return [
        exclusive(action.table, work),
        ...others.map((name) => exclusive(name, work === "rewrite" ? "scan" : null)),
      ];
    }
    case "set_not_null":
      return [exclusive(action.table, isProvenNotNull(schema, action.table, action.column) ? null : "scan")];
    case "drop_column":
      // Its foreign keys go with it, and their triggers on the other tables.
      return [
        exclusive(action.table),
        ...joined(schema, action.table, action.column, action.isCascade).map((name) => exclusive(name)),
      ];
    case "rename_column":
    case "rename_constraint":
    case "drop_not_null":
    case "set_default":
    case "drop_default":
    case "row_security":
      return [exclusive(action.table)];
    case "add_constraint":
      return [
        ...constraintLocks(action.table, action.constraint, null),
        ...(unprovenBy(schema, action.table, action.constraint).length > 0 ? [exclusive(action.table, "scan")] : []),
      ];
    case "validate_constraint": {
      const { references = null, isNotValid = true } =
        schema.get(nameKey(action.table))?.constraints.get(action.constraint) ?? {};
      const own = lock(action.table, "ShareUpdateExclusiveLock", isNotValid ? "scan" : null);
      return references === null ? [own] : [own, lock(references, "RowShareLock")];
    }
    case "drop_constraint": {
      const dropped = schema.get(nameKey(action.table))?.constraints.get(action.constraint);
      // With a key go the foreign keys that lead to it. Without CASCADE there are none, or it fails.
      const isKey = dropped?.kind === "primary_key" || dropped?.kind === "unique";
      const children = isKey && action.isCascade ? referencing(schema, action.table) : [];
      return [exclusive(action.table), ...[dropped?.references ?? [], children].flat().map((name) => exclusive(name))];
    }
    case "attach_partition":
      return [lock(action.table, "ShareUpdateExclusiveLock"), exclusive(action.partition, "scan")];
    case "detach_partition": {
      const mode = action.isConcurrent ? "ShareUpdateExclusiveLock" : "AccessExclusiveLock";
      return [lock(action.table, mode), lock(action.partition, mode)];
    }
    case "rewrite_table":
      return [exclusive(action.table, "rewrite")];
    case "alter_table":
    case "lock_table":
      return [lock(action.table, action.mode)];
    case "create_trigger":
      return [lock(action.table, "ShareRowExclusiveLock")];
    case "create_index":
      return [
        lock(
          action.table,
          action.isConcurrent ? "ShareUpdateExclusiveLock" : "ShareLock",
          action.isOnly && schema.get(nameKey(action.table))?.isPartitioned ? null : "build",
        ),
      ];
    case "drop_index": {
      const table = tableOfIndex(schema, action.index);
      if (table === null) return [];
      return [
        lock(table.name, action.isConcurrent ? "ShareUpdateExclusiveLock" : "AccessExclusiveLock"),
        ...(action.isCascade ? referencing(schema, table.name).map((name) => exclusive(name)) : []),
      ];
    }
    case "reindex": {
      const table = action.of === "index" ? tableOfIndex(schema, action.name)?.name : action.name;
      if (action.of === "all" || table === undefined) return [];
      return [lock(table, action.isConcurrent ? "ShareUpdateExclusiveLock" : "ShareLock", "build")];
    }
    case "drop":
      return dropLocks(action, schema);
    case "rename":
    case "set_schema":
      return action.what === "table" ? [exclusive(action.name)] : [];
    case "change_owner":
      return action.what === "table" ? [exclusive(action.name)] : [];
    case "truncate":
      return [
        exclusive(action.table),
        ...(action.isCascade ? referencing(schema, action.table).map((name) => exclusive(name)) : []),
      ];
    case "update":
    case "delete":
      return [lock(action.table, "RowExclusiveLock", action.isWhole ? "scan" : null)];
    case "insert":
      return [lock(action.table, "RowExclusiveLock")];
    case "refresh_view":
      return [action.isConcurrent ? lock(action.view, "ExclusiveLock") : exclusive(action.view, "rewrite")];
    case "add_domain_constraint":
      return action.isNotValid ? [] : storing(schema, action.domain).map((name) => lock(name, "ShareLock", "scan"));
    default:
      return [];
  }
}

/** Each row is written anew for a value of its own; a constant default is kept once, in the catalog. */
function workOfColumn({ default: value, generated, isNotNull }: Column): Work | null {
  if (value === "volatile" || (generated !== null && generated !== "virtual")) return "rewrite";
  return isNotNull && value === "none" && generated === null ? "scan" : null;
}

/** `added` is the column that a constraint came with, or null. */
function constraintLocks(table: ObjectName, constraint: Constraint, added: Column | null): readonly TableLock[] {
  const { kind, references, isNotValid, index } = constraint;
  switch (kind) {
    case "foreign_key": {
      const isScanned = !isNotValid && (added === null || added.default !== "none");
      const own = lock(table, "ShareRowExclusiveLock", isScanned ? "scan" : null);
      // Both are read to find rows without a parent.
      return references === null ? [own] : [own, sharing(references, own.work)];
    }
    case "check":
    case "not_null":
      return [exclusive(table, isNotValid ? null : "scan")];
    case "unique":
    case "primary_key":
      return [exclusive(table, index === null ? "build" : null)];
    case "exclude":
      return [exclusive(table, "build")];
  }
}

function dropLocks(action: Extract<Action, { kind: "drop" }>, schema: KnownSchema): readonly TableLock[] {
  if (action.table !== null) return [exclusive(action.table)];
  if (action.what === "materialized view") return [exclusive(action.name)];
  if (action.what !== "table") return [];
  const parent = schema.get(nameKey(action.name))?.partitionOf ?? null;
  const others = [
    ...(parent === null ? [] : [parent]),
    ...referencedBy(schema, action.name),
    ...(action.isCascade ? referencing(schema, action.name) : []),
  ];
  return [exclusive(action.name), ...others.map((name) => exclusive(name))];
}

/** Tables that foreign keys over a column join to its own: those that they lead to and, wanted too, those that lead to it as the key. */
function joined(schema: KnownSchema, table: ObjectName, column: string, areBoth: boolean): readonly ObjectName[] {
  const constraints = [...(schema.get(nameKey(table))?.constraints.values() ?? [])];
  const own = constraints.filter(({ columns }) => columns.includes(column));
  const isKey = areBoth && own.some(({ kind }) => kind === "primary_key");
  return [...own.flatMap(({ references }) => references ?? []), ...(isKey ? referencing(schema, table) : [])];
}

function lock(table: ObjectName, mode: LockMode, work: Work | null = null): TableLock {
  return { table, mode, work };
}

function exclusive(table: ObjectName, work: Work | null = null): TableLock {
  return lock(table, "AccessExclusiveLock", work);
}

/** What a foreign key takes of the table that it leads to. */
function sharing(table: ObjectName, work: Work | null = null): TableLock {
  return lock(table, "ShareRowExclusiveLock", work);
}
