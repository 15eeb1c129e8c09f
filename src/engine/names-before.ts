// Follows tables, columns and schemas through the renames of a script, back to the names that they had before it. Pure.
import type { ObjectName } from "../migration/manifest.ts";

/** A table by the names that it has before the rollback. */
export interface TableBefore {
  readonly schema: string;
  readonly name: string;
}

/** Names lead to what stood there in the beginning; null once that has been renamed, moved or dropped. */
export class NamesBefore {
  readonly #searched: string;
  readonly #schemas = new Map<string, string | null>();
  readonly #tables = new Map<string, { readonly in: string; readonly before: TableBefore | null }>();
  readonly #columns = new Map<string, string | null>();

  /** `searched` is the schema of names that have none. */
  constructor(searched: string) {
    this.#searched = searched;
  }

  schema(name: string): string | null {
    return this.#schemas.get(name) === undefined ? name : (this.#schemas.get(name) ?? null);
  }

  table(table: ObjectName): TableBefore | null {
    const place = this.#placeOf(table);
    if (place === null) return null;
    const moved = this.#tables.get(keyOf(place.schema, place.name));
    return moved === undefined ? place : moved.before;
  }

  column(table: ObjectName, column: string): (TableBefore & { readonly column: string }) | null {
    const before = this.table(table);
    if (before === null) return null;
    const moved = this.#columns.get(keyOf(before.schema, before.name, column));
    if (moved === null) return null;
    return { ...before, column: moved ?? column };
  }

  renameTable(table: ObjectName, to: ObjectName): void {
    const before = this.table(table);
    this.#put(table, null);
    this.#put(to, before);
  }

  renameColumn(table: ObjectName, column: string, to: string): void {
    const before = this.column(table, column);
    this.dropColumn(table, column);
    const owner = this.table(table);
    if (owner !== null) this.#columns.set(keyOf(owner.schema, owner.name, to), before?.column ?? null);
  }

  renameSchema(schema: string, to: string): void {
    const before = this.schema(schema);
    this.#schemas.set(schema, null);
    this.#schemas.set(to, before);
  }

  dropTable(table: ObjectName): void {
    this.#put(table, null);
  }

  dropColumn(table: ObjectName, column: string): void {
    const owner = this.table(table);
    if (owner !== null) this.#columns.set(keyOf(owner.schema, owner.name, column), null);
  }

  /** What of other schemas had come to stand in it, and the names of those of its own that had left it. */
  dropSchema(schema: string): { readonly arrived: readonly TableBefore[]; readonly left: readonly string[] } {
    const before = this.schema(schema);
    this.#schemas.set(schema, null);
    const moved = [...this.#tables.values()].flatMap((table) =>
      table.before === null ? [] : [{ in: table.in, before: table.before }],
    );
    return {
      arrived: moved.filter((table) => table.in === before).map((table) => table.before),
      left: moved
        .filter((table) => table.in !== before && table.before.schema === before)
        .map((table) => table.before.name),
    };
  }

  #placeOf({ schema, name }: ObjectName): TableBefore | null {
    const before = this.schema(schema ?? this.#searched);
    return before === null ? null : { schema: before, name };
  }

  #put(table: ObjectName, before: TableBefore | null): void {
    const place = this.#placeOf(table);
    if (place !== null) this.#tables.set(keyOf(place.schema, place.name), { in: place.schema, before });
  }
}

function keyOf(...names: readonly string[]): string {
  return JSON.stringify(names);
}
