// What is known of a schema from the migrations that came before: enough to tell a hot table from a new one, and a proven
// column from an unproven one. What they do not tell, such as a table that something else made, is not known: null.
import type { ObjectName } from "../migration/manifest.ts";
import type { Action, Column, Constraint } from "./action.ts";

/** A table as the statements so far have made it. */
export interface KnownTable {
  readonly name: ObjectName;
  readonly columns: ReadonlyMap<string, KnownColumn>;
  /** By name; one that PostgreSQL named is under the name that it chooses. */
  readonly constraints: ReadonlyMap<string, Constraint>;
  readonly indexes: ReadonlyMap<string, KnownIndex>;
  readonly isPartitioned: boolean;
  readonly partitionOf: ObjectName | null;
  readonly since: Since;
}

export interface KnownColumn extends Column {
  readonly since: Since;
}

export interface KnownIndex {
  readonly columns: readonly (string | null)[];
  readonly isUnique: boolean;
  readonly isPartial: boolean;
}

/** The version of the migration that brought something. */
export type Since = string;

/** Tables by nameKey. Never changed: `learn` makes a new one. */
export type KnownSchema = ReadonlyMap<string, KnownTable>;

export const EMPTY_SCHEMA: KnownSchema = new Map();

/** One text for all spellings of a name: `public` is what an unqualified name means. */
export function nameKey({ schema, name }: ObjectName): string {
  return schema === null || schema === "public" ? name : `${schema}.${name}`;
}

/** The table of an index; null where no migration made it. */
export function tableOfIndex(schema: KnownSchema, index: ObjectName): KnownTable | null {
  for (const table of schema.values()) {
    const isInSchema = nameKey({ ...table.name, name: index.name }) === nameKey(index);
    if (isInSchema && (table.indexes.has(index.name) || table.constraints.has(index.name))) return table;
  }
  return null;
}

/** Tables that a table's foreign keys lead to, itself left out. */
export function referencedBy(schema: KnownSchema, table: ObjectName): readonly ObjectName[] {
  const constraints = [...(schema.get(nameKey(table))?.constraints.values() ?? [])];
  const found = constraints.flatMap(({ references }) => (references === null ? [] : [references]));
  return unique(found).filter((name) => nameKey(name) !== nameKey(table));
}

/** Tables whose foreign keys lead to a table, itself left out. */
export function referencing(schema: KnownSchema, table: ObjectName): readonly ObjectName[] {
  const key = nameKey(table);
  return [...schema.values()]
    .filter(({ constraints }) =>
      [...constraints.values()].some(({ references }) => references !== null && nameKey(references) === key),
    )
    .map(({ name }) => name)
    .filter((name) => nameKey(name) !== key);
}

/** True where a validated check, or the column itself, says that a column holds no null. */
export function isProvenNotNull(schema: KnownSchema, table: ObjectName, column: string): boolean {
  const known = schema.get(nameKey(table));
  if (known === undefined) return false;
  const isProof = ({ isNotValid, proves }: Constraint) => !isNotValid && proves.includes(column);
  return (known.columns.get(column)?.isNotNull ?? false) || [...known.constraints.values()].some(isProof);
}

/** The schema after one more action of the migration `since`. */
export function learn(schema: KnownSchema, action: Action, since: Since): KnownSchema {
  switch (action.kind) {
    case "create_table":
      return schema.has(nameKey(action.table)) ? schema : set(schema, created(action, since));
    case "add_column": {
      const { added, constraints } = action;
      return change(schema, action.table, (table) => {
        if (table.columns.has(added.name)) return table;
        const columns = new Map(table.columns).set(added.name, { ...added, since });
        return { ...table, columns, constraints: withConstraints(table, constraints) };
      });
    }
    case "drop_column":
      return change(schema, action.table, (table) => withoutColumn(table, action.column));
    case "rename_column":
      return change(schema, action.table, (table) => renamedColumn(table, action.column, action.to));
    case "change_type":
      return changeColumn(schema, action, ({ ...column }) => ({ ...column, type: action.type }));
    case "set_not_null":
      return changeColumn(schema, action, (column) => ({ ...column, isNotNull: true }));
    case "drop_not_null":
      return changeColumn(schema, action, (column) => ({ ...column, isNotNull: false }));
    case "set_default":
      return changeColumn(schema, action, (column) => ({ ...column, default: "constant" }));
    case "drop_default":
      return changeColumn(schema, action, (column) => ({ ...column, default: "none" }));
    case "add_constraint":
      return change(schema, action.table, (table) => ({
        ...table,
        constraints: withConstraints(table, [action.constraint]),
      }));
    case "validate_constraint":
      return change(schema, action.table, (table) => {
        const constraint = table.constraints.get(action.constraint);
        if (constraint === undefined) return table;
        const constraints = new Map(table.constraints).set(action.constraint, { ...constraint, isNotValid: false });
        return { ...table, constraints };
      });
    case "drop_constraint":
      return change(schema, action.table, (table) => ({
        ...table,
        constraints: without(table.constraints, action.constraint),
      }));
    case "attach_partition":
    case "detach_partition": {
      const partitionOf = action.kind === "attach_partition" ? action.table : null;
      return change(schema, action.partition, (table) => ({ ...table, partitionOf }));
    }
    case "create_index":
      return change(schema, action.table, (table) => {
        const name = action.index ?? `${table.name.name}_${action.columns.join("_")}_idx`;
        return { ...table, indexes: new Map(table.indexes).set(name, action) };
      });
    case "drop_index": {
      const table = tableOfIndex(schema, action.index);
      if (table === null) return schema;
      return set(schema, { ...table, indexes: without(table.indexes, action.index.name) });
    }
    case "drop":
      return action.what === "table" ? without(schema, nameKey(action.name)) : schema;
    case "rename":
      return action.what === "table" ? moved(schema, action.name, { ...action.name, name: action.to }) : schema;
    case "set_schema":
      return action.what === "table" ? moved(schema, action.name, { ...action.name, schema: action.to }) : schema;
    default:
      return schema;
  }
}

function created(action: Extract<Action, { kind: "create_table" }>, since: Since): KnownTable {
  const table: KnownTable = {
    name: action.table,
    columns: new Map(action.columns.map((column) => [column.name, { ...column, since }])),
    constraints: new Map(),
    indexes: new Map(),
    isPartitioned: action.isPartitioned,
    partitionOf: action.partitionOf,
    since,
  };
  // A primary key makes its columns not null.
  const keyed = action.constraints.flatMap(({ kind, columns }) => (kind === "primary_key" ? columns : []));
  const columns = [...table.columns].map(([name, column]) => {
    return [name, keyed.includes(name) ? { ...column, isNotNull: true } : column] as const;
  });
  return { ...table, columns: new Map(columns), constraints: withConstraints(table, action.constraints) };
}

/** As PostgreSQL names what has no name, but for a number behind it where that is taken. */
function withConstraints({ name, constraints }: KnownTable, added: readonly Constraint[]) {
  const all = new Map(constraints);
  for (const constraint of added) {
    const parts = constraint.kind === "primary_key" ? [name.name] : [name.name, ...constraint.columns];
    all.set(constraint.name ?? [...parts, SUFFIX[constraint.kind]].join("_"), constraint);
  }
  return all;
}

const SUFFIX: Readonly<Record<Constraint["kind"], string>> = {
  check: "check",
  foreign_key: "fkey",
  unique: "key",
  primary_key: "pkey",
  exclude: "excl",
  not_null: "not_null",
};

function withoutColumn(table: KnownTable, column: string): KnownTable {
  const keeps = ({ columns }: { readonly columns: readonly (string | null)[] }) => !columns.includes(column);
  return {
    ...table,
    columns: without(table.columns, column),
    constraints: new Map([...table.constraints].filter(([, constraint]) => keeps(constraint))),
    indexes: new Map([...table.indexes].filter(([, index]) => keeps(index))),
  };
}

function renamedColumn(table: KnownTable, from: string, to: string): KnownTable {
  const rename = <Name extends string | null>(names: readonly Name[]) =>
    names.map((name) => (name === from ? to : name));
  const column = table.columns.get(from);
  return {
    ...table,
    columns:
      column === undefined ? table.columns : new Map(without(table.columns, from)).set(to, { ...column, name: to }),
    constraints: new Map(
      [...table.constraints].map(([name, constraint]) => [
        name,
        { ...constraint, columns: rename(constraint.columns), proves: rename(constraint.proves) },
      ]),
    ),
    indexes: new Map(
      [...table.indexes].map(([name, index]) => [name, { ...index, columns: rename<string | null>(index.columns) }]),
    ),
  };
}

function moved(schema: KnownSchema, from: ObjectName, to: ObjectName): KnownSchema {
  const table = schema.get(nameKey(from));
  return table === undefined ? schema : set(without(schema, nameKey(from)), { ...table, name: to });
}

function change(schema: KnownSchema, table: ObjectName, how: (table: KnownTable) => KnownTable): KnownSchema {
  const known = schema.get(nameKey(table));
  return known === undefined ? schema : set(schema, how(known));
}

function changeColumn(
  schema: KnownSchema,
  at: { readonly table: ObjectName; readonly column: string },
  how: (column: KnownColumn) => KnownColumn,
): KnownSchema {
  return change(schema, at.table, (table) => {
    const column = table.columns.get(at.column);
    return column === undefined ? table : { ...table, columns: new Map(table.columns).set(at.column, how(column)) };
  });
}

function set(schema: KnownSchema, table: KnownTable): KnownSchema {
  return new Map(schema).set(nameKey(table.name), table);
}

function without<Value>(map: ReadonlyMap<string, Value>, key: string): ReadonlyMap<string, Value> {
  const copy = new Map(map);
  copy.delete(key);
  return copy;
}

function unique(names: readonly ObjectName[]): readonly ObjectName[] {
  return [...new Map(names.map((name) => [nameKey(name), name])).values()];
}
