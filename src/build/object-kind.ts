// What the parser calls the kinds of objects, in the words that rules know. Pure.
import type { DroppedKind } from "../hazards/action.ts";

/** How rules call what PostgreSQL's parser calls OBJECT_TABLE. */
export function kindOf(type: string | undefined): DroppedKind {
  return KINDS.get(type ?? "") ?? "other";
}

const KINDS: ReadonlyMap<string, DroppedKind> = new Map<string, DroppedKind>([
  ["OBJECT_TABLE", "table"],
  ["OBJECT_VIEW", "view"],
  ["OBJECT_MATVIEW", "materialized view"],
  ["OBJECT_FOREIGN_TABLE", "foreign table"],
  ["OBJECT_SEQUENCE", "sequence"],
  ["OBJECT_SCHEMA", "schema"],
  ["OBJECT_TYPE", "type"],
  ["OBJECT_DOMAIN", "domain"],
  ["OBJECT_FUNCTION", "function"],
  ["OBJECT_PROCEDURE", "function"],
  ["OBJECT_AGGREGATE", "function"],
  ["OBJECT_ROUTINE", "function"],
  ["OBJECT_TRIGGER", "trigger"],
  ["OBJECT_POLICY", "policy"],
  ["OBJECT_EXTENSION", "extension"],
  ["OBJECT_INDEX", "index"],
]);
