// What is in a schema at one time, and how it becomes what is there at another. Pure.
import type { ObjectKind, SchemaChange, SchemaObject } from "../migration/schema-change.ts";

/** All objects, each once, in any order. */
export type Snapshot = readonly SchemaObject[];

/** Tells an object from every other one in its schema. No name in PostgreSQL holds the character between the parts. */
export function keyOf({ kind, of, name }: Pick<SchemaObject, "kind" | "of" | "name">): string {
  return `${kind}\0${of}\0${name}`;
}

/** Decodes rows of the catalog query: each its kind, what it is of, its name, its definition, and whether it is valid. */
export function decodeSnapshot(rows: readonly (readonly (string | null)[])[]): Snapshot {
  return rows.map((row) => ({
    kind: (row[0] ?? "table") as ObjectKind,
    of: row[1] ?? "",
    name: row[2] ?? "",
    definition: row[3] ?? "",
    isValid: row[4] === "t",
  }));
}

/** What has to be set and removed to come from one snapshot to the next, in the order of their keys. */
export function changeBetween(before: Snapshot, after: Snapshot): SchemaChange {
  const [old, next] = [byKey(before), byKey(after)];
  return {
    sets: inOrder(after.filter((object) => !isSame(old.get(keyOf(object)), object))),
    removes: inOrder(before.filter((object) => !next.has(keyOf(object)))).map(({ kind, of, name }) => ({
      kind,
      of,
      name,
    })),
  };
}

/** The snapshot after all of these changes, one after the other, in the order of its keys. */
export function applyChanges(changes: readonly SchemaChange[]): Snapshot {
  return inOrder([...objectsAfter(changes).values()]);
}

/** The same by their keys, and in no order, which takes longer to find than everything else. */
export function objectsAfter(changes: readonly SchemaChange[]): ReadonlyMap<string, SchemaObject> {
  const objects = new Map<string, SchemaObject>();
  for (const { sets, removes } of changes) {
    for (const object of removes) objects.delete(keyOf(object));
    for (const object of sets) objects.set(keyOf(object), object);
  }
  return objects;
}

/** Objects by their keys. */
export function byKey(snapshot: Snapshot): ReadonlyMap<string, SchemaObject> {
  return new Map(snapshot.map((object) => [keyOf(object), object]));
}

function isSame(a: SchemaObject | undefined, b: SchemaObject): boolean {
  return a !== undefined && a.definition === b.definition && a.isValid === b.isValid;
}

/** In the order of their keys. */
export function inOrder(snapshot: Snapshot): Snapshot {
  const keyed = snapshot.map((object) => [keyOf(object), object] as const);
  return keyed.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
}
