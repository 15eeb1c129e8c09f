// The one place that puts names and values into SQL text. Everything else composes what comes from here.
import { escapeIdentifier, escapeLiteral } from "pg";
import type { ObjectName } from "../migration/manifest.ts";

/** A name as an identifier, whatever it contains. */
export function identifier(name: string): string {
  return escapeIdentifier(name);
}

/** A name with its schema, where it has one. */
export function qualified({ schema, name }: ObjectName): string {
  return schema === null ? escapeIdentifier(name) : `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;
}

/** A value as an SQL literal; `null` for null. */
export function literal(value: string | number | boolean | null): string {
  return typeof value === "string" ? escapeLiteral(value) : String(value);
}
