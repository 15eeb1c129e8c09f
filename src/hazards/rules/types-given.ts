// Which columns an action gives a type, for the rules about types.
import type { ObjectName } from "../../migration/manifest.ts";
import type { Action, TypeName } from "../action.ts";

/** A column, and the type that it has from now on. */
export interface TypeOfColumn {
  readonly table: ObjectName;
  readonly column: string;
  readonly type: TypeName;
}

/** Also of new tables; temporary ones are left out. */
export function typesGiven(action: Action): readonly TypeOfColumn[] {
  if (action.kind === "change_type") return [action];
  if (action.kind === "add_column")
    return [{ table: action.table, column: action.added.name, type: action.added.type }];
  if (action.kind !== "create_table" || action.isTemporary) return [];
  return action.columns.map(({ name, type }) => ({ table: action.table, column: name, type }));
}
