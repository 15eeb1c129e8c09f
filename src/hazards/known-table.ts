// How one known table changes: the names that PostgreSQL gives, and what goes or follows with a column. Pure.
import type { Action, Constraint } from "./action.ts";
import type { KnownIndex, KnownTable } from "./known-schema.ts";

type NewIndex = Extract<Action, { kind: "create_index" }>;

/** With constraints under the names that PostgreSQL chooses where they have none. */
export function withConstraints(table: KnownTable, added: readonly Constraint[]): KnownTable {
  return added.reduce(withConstraint, table);
}

function withConstraint(table: KnownTable, constraint: Constraint): KnownTable {
  const { index } = constraint;
  // USING INDEX: the index becomes the constraint's, under its name, and is dropped with it.
  const columns = index === null ? constraint.columns : named(table.indexes.get(index)?.columns ?? []);
  const indexes = new Map(table.indexes);
  if (index !== null) indexes.delete(index);
  const constraints = new Map(table.constraints);
  constraints.set(constraint.name ?? index ?? chosenName(table, constraint), { ...constraint, columns });
  const isKey = (name: string) => constraint.kind === "primary_key" && columns.includes(name);
  const all = [...table.columns].map(([name, column]) => {
    return [name, isKey(name) ? { ...column, isNotNull: true } : column] as const;
  });
  return { ...table, columns: new Map(all), constraints, indexes };
}

/** https://github.com/postgres/postgres/blob/master/src/backend/catalog/pg_constraint.c, ChooseConstraintName */
function chosenName(table: KnownTable, { kind, columns }: Constraint): string {
  const isNamedByColumns = kind === "check" ? columns.length === 1 : kind !== "primary_key";
  return freeName(table, [table.name.name, ...(isNamedByColumns ? columns : []), SUFFIX[kind]].join("_"));
}

const SUFFIX: Readonly<Record<Constraint["kind"], string>> = {
  check: "check",
  foreign_key: "fkey",
  unique: "key",
  primary_key: "pkey",
  exclude: "excl",
  not_null: "not_null",
};

/** With an index under the name that PostgreSQL chooses where it has none; an expression is called `expr`. */
export function withIndex(table: KnownTable, index: NewIndex): KnownTable {
  const parts = [table.name.name, ...index.columns.map((column) => column ?? "expr"), "idx"];
  const name = index.index ?? freeName(table, parts.join("_"));
  return { ...table, indexes: new Map(table.indexes).set(name, index) };
}

function freeName({ constraints, indexes }: KnownTable, wanted: string): string {
  const isTaken = (name: string) => constraints.has(name) || indexes.has(name);
  let name = wanted;
  for (let number = 1; isTaken(name); number++) name = `${wanted}${number}`;
  return name;
}

/** Constraints and indexes over the column, or that mention it, go with it. */
export function withoutColumn(table: KnownTable, column: string): KnownTable {
  const columns = new Map(table.columns);
  columns.delete(column);
  return {
    ...table,
    columns,
    constraints: new Map([...table.constraints].filter(([, constraint]) => !constraint.columns.includes(column))),
    indexes: new Map([...table.indexes].filter(([, index]) => !isOver(index, column))),
  };
}

/** True for an index of the column, and for one whose expressions or WHERE mention it. */
export function isOver({ columns, uses }: KnownIndex, column: string): boolean {
  return columns.includes(column) || uses.includes(column);
}

/** Constraints and indexes follow the new name of a column; their own names stay. */
export function withRenamedColumn(table: KnownTable, from: string, to: string): KnownTable {
  const rename = <Name extends string | null>(names: readonly Name[]): readonly (Name | string)[] =>
    names.map((name) => (name === from ? to : name));
  return {
    ...table,
    columns: new Map(
      [...table.columns].map(([name, column]) => (name === from ? [to, { ...column, name: to }] : [name, column])),
    ),
    constraints: new Map(
      [...table.constraints].map(([name, constraint]) => [
        name,
        { ...constraint, columns: rename(constraint.columns), proves: rename(constraint.proves) },
      ]),
    ),
    indexes: new Map(
      [...table.indexes].map(([name, index]) => [
        name,
        { ...index, columns: rename(index.columns), uses: rename(index.uses) },
      ]),
    ),
  };
}

/** The same under another name; an unknown one changes nothing. */
export function renamed<Value>(map: ReadonlyMap<string, Value>, from: string, to: string): ReadonlyMap<string, Value> {
  return new Map([...map].map(([name, value]) => [name === from ? to : name, value]));
}

function named(columns: readonly (string | null)[]): readonly string[] {
  return columns.filter((column) => column !== null);
}
