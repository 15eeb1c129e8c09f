// What a migration makes of a schema, as data: the build finds it out by running them, and the engine holds a live schema
// against it. No decisions.

/** As people call them. A column, index, constraint, trigger or policy belongs to a table. */
export type ObjectKind =
  | "table"
  | "column"
  | "index"
  | "constraint"
  | "view"
  | "materialized view"
  | "foreign table"
  | "enum"
  | "domain"
  | "type"
  | "sequence"
  | "function"
  | "trigger"
  | "policy"
  | "extension";

/** One object. Names are relative to the schema. */
export interface SchemaObject {
  readonly kind: ObjectKind;
  /** The table that it belongs to; empty for what stands alone. */
  readonly of: string;
  readonly name: string;
  /** As PostgreSQL prints it, the same on every supported server. */
  readonly definition: string;
  /** False for an index that is not usable, and a constraint that was not validated. */
  readonly isValid: boolean;
}

/** Objects that are new or different after a migration, and those that are gone. */
export interface SchemaChange {
  readonly sets: readonly SchemaObject[];
  readonly removes: readonly Pick<SchemaObject, "kind" | "of" | "name">[];
}
