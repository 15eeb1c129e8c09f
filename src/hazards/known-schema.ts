// What is known of a schema from the migrations that came before: enough to tell a hot table from a new one, and a proven
// column from an unproven one. What they do not tell, such as a table that something else made, is not known: null.
import type { ObjectName } from "../migration/manifest.ts";
import type { Action, Column, Constraint } from "./action.ts";
import { renamed, withConstraints, withIndex, withoutColumn, withRenamedColumn } from "./known-table.ts";

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
  readonly uses: readonly string[];
  readonly isUnique: boolean;
  readonly isPartial: boolean;
}

/** The version of the migration that brought something. */
export type Since = string;

/** Tables by nameKey. */
export type KnownSchema = ReadonlyMap<string, KnownTable>;

/** What `learn` begins with, empty, and goes on with. */
export type GrowingSchema = Map<string, KnownTable>;

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

/** Columns that a constraint makes not null, and of which nothing has proven it. A primary key that builds its index is not asked. */
export function unprovenBy(schema: KnownSchema, table: ObjectName, constraint: Constraint): readonly string[] {
  const { kind, columns, index, isNotValid } = constraint;
  const indexed = index === null ? undefined : schema.get(nameKey(table))?.indexes.get(index)?.columns;
  const made = kind === "primary_key" ? (indexed ?? []) : kind === "not_null" && !isNotValid ? columns : [];
  return made.filter((column) => column !== null).filter((column) => !isProvenNotNull(schema, table, column));
}

/**
 * The schema after one more action of the migration `since`, made of the one that is given, which is not to be asked any more:
 * to copy it for each of 80,000 statements takes minutes. What is in it is never changed.
 */
export function learn(schema: GrowingSchema, action: Action, since: Since): GrowingSchema {
  switch (action.kind) {
    case "create_table":
      return schema.has(nameKey(action.table)) ? schema : set(schema, created(action, since));
    case "add_column": {
      const { added, constraints } = action;
      return change(schema, action.table, (table) => {
        if (table.columns.has(added.name)) return table;
        const columns = new Map(table.columns).set(added.name, { ...added, since });
        return withConstraints({ ...table, columns }, constraints);
      });
    }
    case "drop_column":
      return change(schema, action.table, (table) => withoutColumn(table, action.column));
    case "rename_column":
      return change(schema, action.table, (table) => withRenamedColumn(table, action.column, action.to));
    case "change_type":
      return changeColumn(schema, action, ({ ...column }) => ({ ...column, type: action.type }));
    case "set_not_null":
      return changeColumn(schema, action, (column) => ({ ...column, isNotNull: true }));
    case "drop_not_null":
      return changeColumn(schema, action, (column) => ({ ...column, isNotNull: false }));
    case "set_default":
      return changeColumn(schema, action, (column) => ({ ...column, default: "constant", generated: null }));
    case "drop_default":
      return changeColumn(schema, action, (column) => ({ ...column, default: "none", generated: null }));
    case "add_constraint":
      return change(schema, action.table, (table) => withConstraints(table, [action.constraint]));
    case "rename_constraint":
      return change(schema, action.table, (table) => ({
        ...table,
        constraints: renamed(table.constraints, action.constraint, action.to),
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
      return change(schema, action.table, (table) => withIndex(table, action));
    case "drop_index": {
      const table = tableOfIndex(schema, action.index);
      if (table === null) return schema;
      return set(schema, { ...table, indexes: without(table.indexes, action.index.name) });
    }
    case "drop":
      return action.what === "table" ? dropped(schema, action.name) : schema;
    case "rename":
      if (action.what === "index") return withRenamedIndex(schema, action.name, action.to);
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
  return withConstraints(table, action.constraints);
}

function moved(schema: GrowingSchema, from: ObjectName, to: ObjectName): GrowingSchema {
  const table = schema.get(nameKey(from));
  if (table === undefined) return schema;
  const follow = (name: ObjectName) => (nameKey(name) === nameKey(from) ? to : name);
  const others = [...set(without(schema, nameKey(from)), { ...table, name: to })].map(([key, other]) => {
    const constraints = [...other.constraints].map(([name, constraint]) => {
      const { references } = constraint;
      return [name, { ...constraint, references: references === null ? null : follow(references) }] as const;
    });
    const partitionOf = other.partitionOf === null ? null : follow(other.partitionOf);
    return [key, { ...other, constraints: new Map(constraints), partitionOf }] as const;
  });
  return new Map(others);
}

/** Foreign keys that lead to a table go with it. */
function dropped(schema: GrowingSchema, name: ObjectName): GrowingSchema {
  const leadsTo = ({ references }: Constraint) => references !== null && nameKey(references) === nameKey(name);
  const others = [...without(schema, nameKey(name))].map(([key, table]) => {
    const constraints = new Map([...table.constraints].filter(([, constraint]) => !leadsTo(constraint)));
    return [key, { ...table, constraints }] as const;
  });
  return new Map(others);
}

/** A constraint has the name of its index. */
function withRenamedIndex(schema: GrowingSchema, index: ObjectName, to: string): GrowingSchema {
  const table = tableOfIndex(schema, index);
  if (table === null) return schema;
  const constraints = renamed(table.constraints, index.name, to);
  return set(schema, { ...table, constraints, indexes: renamed(table.indexes, index.name, to) });
}

function change(schema: GrowingSchema, table: ObjectName, how: (table: KnownTable) => KnownTable): GrowingSchema {
  const known = schema.get(nameKey(table));
  return known === undefined ? schema : set(schema, how(known));
}

function changeColumn(
  schema: GrowingSchema,
  at: { readonly table: ObjectName; readonly column: string },
  how: (column: KnownColumn) => KnownColumn,
): GrowingSchema {
  return change(schema, at.table, (table) => {
    const column = table.columns.get(at.column);
    return column === undefined ? table : { ...table, columns: new Map(table.columns).set(at.column, how(column)) };
  });
}

function set(schema: GrowingSchema, table: KnownTable): GrowingSchema {
  return schema.set(nameKey(table.name), table);
}

function without<Value>(map: ReadonlyMap<string, Value>, key: string): Map<string, Value> {
  const copy = new Map(map);
  copy.delete(key);
  return copy;
}

function unique(names: readonly ObjectName[]): readonly ObjectName[] {
  return [...new Map(names.map((name) => [nameKey(name), name])).values()];
}
