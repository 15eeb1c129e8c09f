// Which constraints an action adds, for the rules about them.
import type { ObjectName } from "../../migration/manifest.ts";
import type { Action, Constraint } from "../action.ts";
import type { Context } from "../rule.ts";

/** A constraint and its table. */
export interface OnTable {
  readonly table: ObjectName;
  readonly constraint: Constraint;
}

/** Constraints that an action adds to a table that was there before. */
export function constraintsOf(action: Action, { isExisting }: Context): readonly OnTable[] {
  const added =
    action.kind === "add_constraint"
      ? onTable(action.table, [action.constraint])
      : action.kind === "add_column"
        ? onTable(action.table, action.constraints)
        : [];
  return added.filter(({ table }) => isExisting(table));
}

/** Each with its table. */
export function onTable(table: ObjectName, constraints: readonly Constraint[]): readonly OnTable[] {
  return constraints.map((constraint) => ({ table, constraint }));
}

/** Without a name it is called by its columns; a check that mentions several, by its table alone. */
export function nameOf({ name, kind, columns }: Constraint): string | null {
  const isCalled = kind === "check" ? columns.length === 1 : columns.length > 0;
  return name ?? (isCalled ? columns.join("_") : null);
}
