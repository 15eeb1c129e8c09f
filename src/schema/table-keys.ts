// Reads the keys of a table out of the definitions in a snapshot. Pure; says nothing of how they are shown.
import type { SchemaObject } from "../migration/schema-change.ts";
import type { Snapshot } from "./snapshot.ts";

/** A column that a table is found by, or finds another one by. */
export interface KeyColumn {
  readonly name: string;
  /** As PostgreSQL prints it, `character varying(20)`. */
  readonly type: string;
  readonly isNotNull: boolean;
  readonly isPrimary: boolean;
  readonly isForeign: boolean;
  /** By itself, and other than as the primary key. */
  readonly isUnique: boolean;
}

/** A foreign key. */
export interface Reference {
  readonly columns: readonly string[];
  /** The other table; with its schema where that is another one. */
  readonly to: string;
  /** False where a row may refer to nothing. */
  readonly isRequired: boolean;
  /** True where no two rows refer to the same row. */
  readonly isSingle: boolean;
  /** True where it is a part of what its table is found by. */
  readonly isIdentifying: boolean;
}

/** A table without keys has no columns here. */
export interface TableKeys {
  readonly table: string;
  /** The primary key first, the others by name. */
  readonly columns: readonly KeyColumn[];
  readonly references: readonly Reference[];
  /** Columns that are unique together, of more than one column. */
  readonly uniqueTogether: readonly (readonly string[])[];
}

/** Of a table that the snapshot has. */
export function keysOf(snapshot: Snapshot, table: string): TableKeys {
  const own = snapshot.filter(({ of }) => of === table);
  const primary = own.flatMap((object) => columnsBehind(object, "PRIMARY KEY"))[0] ?? [];
  const unique = own.flatMap((object) => [...columnsBehind(object, "UNIQUE"), ...columnsOfUniqueIndex(object)]);
  const foreign = own.flatMap(foreignKeyOf);
  const types = new Map(own.filter(({ kind }) => kind === "column").map(({ name, definition }) => [name, definition]));
  const isNotNull = (name: string) => splitColumn(types.get(name) ?? "").isNotNull;
  const rest = new Set([...foreign.flatMap(({ columns }) => columns), ...unique.flat()].sort());
  return {
    table,
    columns: [...new Set([...primary, ...rest])].map((name) => ({
      name,
      ...splitColumn(types.get(name) ?? ""),
      isPrimary: primary.includes(name),
      isForeign: foreign.some(({ columns }) => columns.includes(name)),
      isUnique: unique.some((columns) => isSameSet(columns, [name])),
    })),
    references: foreign.map(({ columns, to }) => ({
      columns,
      to,
      isRequired: columns.every(isNotNull),
      isSingle: [primary, ...unique].some((key) => key.length > 0 && key.every((name) => columns.includes(name))),
      isIdentifying: columns.every((name) => primary.includes(name)),
    })),
    uniqueTogether: unique.filter((columns) => columns.length > 1),
  };
}

/** Quoted, or as PostgreSQL prints it when it need not be: a word in capitals is no name. */
const NAME = String.raw`(?:"(?:[^"]|"")+"|[^\s"(),.A-Z]+)`;
const LIST = String.raw`\(((?:"[^"]*"|[^")])*)\)`;
const FOREIGN_KEY = new RegExp(String.raw`^FOREIGN KEY ${LIST} REFERENCES (${NAME}(?:\.${NAME})?)\(`);
/** Nothing behind the columns but what changes no key: an index on some rows, or on an expression, is none. */
const UNIQUE_INDEX = new RegExp(
  String.raw`^unique USING btree \((${NAME}(?:, ${NAME})*)\)(?: INCLUDE ${LIST})?(?: NULLS NOT DISTINCT)?(?: WITH ${LIST})?$`,
);

function columnsBehind({ kind, definition }: SchemaObject, words: string): readonly (readonly string[])[] {
  if (kind !== "constraint") return [];
  const found = new RegExp(`^${words}(?: NULLS NOT DISTINCT)? ${LIST}`).exec(definition);
  return found === null ? [] : [namesIn(found[1])];
}

function columnsOfUniqueIndex({ kind, definition }: SchemaObject): readonly (readonly string[])[] {
  const found = kind === "index" ? UNIQUE_INDEX.exec(definition) : null;
  return found === null ? [] : [namesIn(found[1])];
}

function foreignKeyOf({ kind, definition }: SchemaObject): readonly Pick<Reference, "columns" | "to">[] {
  const found = kind === "constraint" ? FOREIGN_KEY.exec(definition) : null;
  return found === null ? [] : [{ columns: namesIn(found[1]), to: namesIn(found[2]).join(".") }];
}

function namesIn(list: string | undefined): readonly string[] {
  const names = (list ?? "").match(/"(?:[^"]|"")+"|[^\s"(),.]+/g) ?? [];
  return names.filter((name) => !/^[A-Z]+$/.test(name)).map(unquoted);
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/** As catalog-query.ts puts a column together: its type, then what else holds of it. */
function splitColumn(definition: string): Pick<KeyColumn, "type" | "isNotNull"> {
  const found = /^((?:"(?:[^"]|"")*"|(?! (?:collate|not null|default|generated) | not null$)[^"])*)/.exec(definition);
  const type = found?.[1] ?? "";
  const isNotNull = /^(?: collate (?:"(?:[^"]|"")*"|\S+))? not null(?: |$)/.test(definition.slice(type.length));
  return { type, isNotNull };
}

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}
