// What IF NOT EXISTS leaves of an action, as far as migrations tell what is there. Pure.
import type { Action } from "./action.ts";
import { type KnownSchema, nameKey } from "./known-schema.ts";

/** Null where nothing is done. Where only the table is locked, that is left: PostgreSQL locks it before it looks. */
export function asDone(action: Action, schema: KnownSchema): Action | null {
  if (!("mayExist" in action) || !action.mayExist) return action;
  const { table } = action;
  const known = schema.get(nameKey(table));
  if (known === undefined) return action;
  if (action.kind === "create_table") return null;
  if (action.kind === "add_column") {
    if (!known.columns.has(action.added.name)) return action;
    return { kind: "alter_table", table, command: "ADD COLUMN", mode: "AccessExclusiveLock" };
  }
  // One that is built concurrently can be there and be invalid.
  if (action.isConcurrent || action.index === null || !known.indexes.has(action.index)) return action;
  return { kind: "alter_table", table, command: "CREATE INDEX", mode: "ShareLock" };
}
