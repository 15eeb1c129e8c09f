// What is in a schema at one time, and how it becomes what is there at another. Pure.
import type { ObjectKind, SchemaChange, SchemaObject } from "../migration/schema-change.ts";

/** All objects, in the order of their keys. */
export type Snapshot = readonly SchemaObject[];

/** Tells an object from every other one in its schema. No name in PostgreSQL holds the character between the parts. */
export function keyOf({ kind, of, name }: Pick<SchemaObject, "kind" | "of" | "name">): string {
  return `${kind}\0${of}\0${name}`;
}

/** Decodes rows of the catalog query. */
export function decodeSnapshot(rows: readonly Readonly<Record<string, string | null>>[]): Snapshot {
  return inOrder(
    rows.map((row) => ({
      kind: (row["kind"] ?? "table") as ObjectKind,
      of: row["of"] ?? "",
      name: row["name"] ?? "",
      definition: row["definition"] ?? "",
      isValid: row["is_valid"] === "t",
    })),
  );
}

/** What has to be set and removed to come from one snapshot to the next. */
export function changeBetween(before: Snapshot, after: Snapshot): SchemaChange {
  const [old, next] = [byKey(before), byKey(after)];
  return {
    sets: after.filter((object) => !isSame(old.get(keyOf(object)), object)),
    removes: before.filter((object) => !next.has(keyOf(object))).map(({ kind, of, name }) => ({ kind, of, name })),
  };
}

/** The snapshot after all of these changes, one after the other. */
export function applyChanges(changes: readonly SchemaChange[]): Snapshot {
  const objects = new Map<string, SchemaObject>();
  for (const { sets, removes } of changes) {
    for (const object of removes) objects.delete(keyOf(object));
    for (const object of sets) objects.set(keyOf(object), object);
  }
  return inOrder([...objects.values()]);
}

/** Objects by their keys. */
export function byKey(snapshot: Snapshot): ReadonlyMap<string, SchemaObject> {
  return new Map(snapshot.map((object) => [keyOf(object), object]));
}

function isSame(a: SchemaObject | undefined, b: SchemaObject): boolean {
  return a !== undefined && a.definition === b.definition && a.isValid === b.isValid;
}

function inOrder(objects: readonly SchemaObject[]): Snapshot {
  const keyed = objects.map((object) => [keyOf(object), object] as const);
  return keyed.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
}
