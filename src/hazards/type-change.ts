// Which changes of a column's type leave the rows as they are. Measured on PostgreSQL 14 and 18, where the file node of the
// table tells: https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES

import type { Work } from "../migration/foreseen.ts";
import type { Action, TypeName } from "./action.ts";
import { type KnownIndex, type KnownSchema, type KnownTable, nameKey } from "./known-schema.ts";
import { isOver } from "./known-table.ts";

type ChangeOfType = Extract<Action, { kind: "change_type" }>;

/** True also where the present type is not known, because then nothing says that rows are left alone. */
export function needsRewrite(schema: KnownSchema, { table, column, type, hasUsing }: ChangeOfType): boolean {
  const present = schema.get(nameKey(table))?.columns.get(column)?.type;
  return hasUsing || present === undefined || !isKept(present, type);
}

/** What is done to the rows, also where they are left as they are. */
export function workOfTypeChange(schema: KnownSchema, action: ChangeOfType): Work | null {
  if (needsRewrite(schema, action)) return "rewrite";
  const table = schema.get(nameKey(action.table));
  if (table === undefined) return null;
  if (isIndexBuilt(table, action)) return "build";
  const checks = [...table.constraints.values()].filter(({ kind, isNotValid }) => kind === "check" && !isNotValid);
  return checks.some(({ columns }) => columns.includes(action.column)) ? "scan" : null;
}

/** PostgreSQL keeps an index whose order stays, unless it has an expression or a WHERE, into which it does not look. */
function isIndexBuilt(table: KnownTable, { column, type, hasCollation }: ChangeOfType): boolean {
  const hasOtherOrder = hasCollation || isOtherInstant(table.columns.get(column)?.type.name, type.name);
  const isKey = [...table.constraints.values()].some(
    ({ kind, columns }) => (kind === "unique" || kind === "primary_key") && columns.includes(column),
  );
  const isBuilt = (index: KnownIndex) =>
    isOver(index, column) && (hasOtherOrder || index.isPartial || index.columns.includes(null));
  return (isKey && hasOtherOrder) || [...table.indexes.values()].some(isBuilt);
}

/** With and without a time zone the bytes are the same, the operators are not. */
function isOtherInstant(from: string | undefined, to: string): boolean {
  return from !== undefined && from !== to && INSTANTS.includes(from) && INSTANTS.includes(to);
}

function isKept(from: TypeName, to: TypeName): boolean {
  if (from.isArray !== to.isArray) return false;
  if (from.isArray) return isSame(from, to);
  if (isSame(from, to)) return true;
  // Without a length both take any text.
  if (TEXTS.includes(from.name) && (to.name === "text" || isUnlimited(to))) return true;
  if (from.name === "varchar" && to.name === "varchar") return isWider(from, to);
  if (from.name === "varbit" && to.name === "varbit") return isWider(from, to);
  if (from.name === "numeric" && to.name === "numeric") return isNumericWider(from, to);
  // A session of ours has the time zone UTC, in which a timestamp with and one without a zone are the same bytes.
  const isTime = TIMES.includes(from.name) && from.name === to.name;
  const isSameInstant = INSTANTS.includes(from.name) && INSTANTS.includes(to.name);
  return (isTime || isSameInstant) && (to.modifiers[0] ?? 6) >= (from.modifiers[0] ?? 6);
}

const TEXTS: readonly string[] = ["varchar", "text"];
const INSTANTS: readonly string[] = ["timestamp", "timestamptz"];
const TIMES: readonly string[] = [...INSTANTS, "time", "timetz"];

function isSame(from: TypeName, to: TypeName): boolean {
  return from.name === to.name && from.modifiers.join() === to.modifiers.join();
}

function isUnlimited({ name, modifiers }: TypeName): boolean {
  return name === "varchar" && modifiers.length === 0;
}

function isWider(from: TypeName, to: TypeName): boolean {
  const [before] = from.modifiers;
  const [after] = to.modifiers;
  return after === undefined || (before !== undefined && after >= before);
}

/** The same scale and at least as many digits. */
function isNumericWider(from: TypeName, to: TypeName): boolean {
  const [digits, scale = 0] = from.modifiers;
  const [newDigits, newScale = 0] = to.modifiers;
  if (newDigits === undefined) return true;
  return digits !== undefined && scale === newScale && newDigits >= digits;
}
