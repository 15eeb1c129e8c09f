// Reads what ALTER TABLE does, as rules know it. Pure.
import type { Action, TypeName } from "../hazards/action.ts";
import type { LockMode } from "../migration/foreseen.ts";
import type { ObjectName } from "../migration/manifest.ts";
import type { SyntaxTree } from "./parse-sql.ts";
import { readColumn, readConstraint, readType } from "./read-column.ts";
import { relationName, words } from "./tree-names.ts";

type AlterTable = Extract<SyntaxTree, { AlterTableStmt: unknown }>["AlterTableStmt"];
type Command = Extract<SyntaxTree, { AlterTableCmd: unknown }>["AlterTableCmd"];

/** One action for each command; none for what is no table, such as an index or a sequence. */
export function readAlterTable({ relation, cmds, objtype }: AlterTable): readonly Action[] {
  const table = relationName(relation);
  const commands = (cmds ?? []).flatMap((node) => ("AlterTableCmd" in node ? [node.AlterTableCmd] : []));
  if (objtype === "OBJECT_TABLE") return commands.map((command) => readCommand(table, command));
  const owned = commands.filter(({ subtype }) => subtype === "AT_ChangeOwner");
  return owned.map(() => ({ kind: "change_owner", what: "other", name: table }));
}

function readCommand(table: ObjectName, command: Command): Action {
  const { subtype = "AT_AddOf", name = "", def } = command;
  const isCascade = command.behavior === "DROP_CASCADE";
  switch (subtype) {
    case "AT_AddColumn": {
      const { column, constraints } = readColumn(def !== undefined && "ColumnDef" in def ? def.ColumnDef : {});
      return { kind: "add_column", table, added: column, constraints };
    }
    case "AT_DropColumn":
      return { kind: "drop_column", table, column: name, isCascade };
    case "AT_AlterColumnType": {
      const column = def !== undefined && "ColumnDef" in def ? def.ColumnDef : {};
      const type = readType(column.typeName);
      const hasUsing = column.raw_default !== undefined && !isCastOf(name, type, column.raw_default);
      return {
        kind: "change_type",
        table,
        column: name,
        type,
        hasUsing,
        hasCollation: column.collClause !== undefined,
      };
    }
    case "AT_SetNotNull":
      return { kind: "set_not_null", table, column: name };
    case "AT_DropNotNull":
      return { kind: "drop_not_null", table, column: name };
    case "AT_ColumnDefault":
      return { kind: def === undefined ? "drop_default" : "set_default", table, column: name };
    // To an INSERT without the column it is the same.
    case "AT_DropIdentity":
      return { kind: "drop_default", table, column: name };
    case "AT_AddConstraint": {
      const constraint = def !== undefined && "Constraint" in def ? readConstraint(def.Constraint) : null;
      return constraint === null ? other(table, subtype) : { kind: "add_constraint", table, constraint };
    }
    case "AT_ValidateConstraint":
      return { kind: "validate_constraint", table, constraint: name };
    case "AT_DropConstraint":
      return { kind: "drop_constraint", table, constraint: name, isCascade };
    case "AT_AttachPartition":
      return { kind: "attach_partition", table, partition: partitionOf(command) };
    case "AT_DetachPartition": {
      const isConcurrent = def !== undefined && "PartitionCmd" in def && (def.PartitionCmd.concurrent ?? false);
      return { kind: "detach_partition", table, partition: partitionOf(command), isConcurrent };
    }
    case "AT_EnableRowSecurity":
      return { kind: "row_security", table, command: "enable" };
    case "AT_ForceRowSecurity":
      return { kind: "row_security", table, command: "force" };
    case "AT_DisableRowSecurity":
    case "AT_NoForceRowSecurity":
      return { kind: "row_security", table, command: "disable" };
    case "AT_ChangeOwner":
      return { kind: "change_owner", what: "table", name: table };
    default: {
      const rewriting = REWRITING.get(subtype);
      return rewriting === undefined ? other(table, subtype) : { kind: "rewrite_table", table, command: rewriting };
    }
  }
}

/** `c` or `c::type`: what PostgreSQL does without USING, too. */
function isCastOf(column: string, type: TypeName, expression: SyntaxTree): boolean {
  if ("ColumnRef" in expression) return words(expression.ColumnRef.fields).join() === column;
  if (!("TypeCast" in expression) || expression.TypeCast.arg === undefined) return false;
  const cast = readType(expression.TypeCast.typeName);
  const isSame = JSON.stringify(cast) === JSON.stringify(type);
  return isSame && "ColumnRef" in expression.TypeCast.arg && isCastOf(column, type, expression.TypeCast.arg);
}

/** Commands that write every row anew, or copy the file. */
const REWRITING: ReadonlyMap<string, string> = new Map([
  ["AT_SetLogged", "SET LOGGED"],
  ["AT_SetUnLogged", "SET UNLOGGED"],
  ["AT_SetTableSpace", "SET TABLESPACE"],
  ["AT_SetAccessMethod", "SET ACCESS METHOD"],
  ["AT_SetExpression", "SET EXPRESSION"],
]);

function other(table: ObjectName, subtype: string): Action {
  const command = subtype
    .replace(/^AT_/, "")
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ")
    .toUpperCase();
  return { kind: "alter_table", table, command, mode: MODES.get(subtype) ?? "AccessExclusiveLock" };
}

/** https://www.postgresql.org/docs/current/sql-altertable.html says it of each; all that is not here is ACCESS EXCLUSIVE. */
const MODES: ReadonlyMap<string, LockMode> = new Map<string, LockMode>([
  ["AT_SetStatistics", "ShareUpdateExclusiveLock"],
  ["AT_SetOptions", "ShareUpdateExclusiveLock"],
  ["AT_ResetOptions", "ShareUpdateExclusiveLock"],
  ["AT_SetRelOptions", "ShareUpdateExclusiveLock"],
  ["AT_ResetRelOptions", "ShareUpdateExclusiveLock"],
  ["AT_ClusterOn", "ShareUpdateExclusiveLock"],
  ["AT_DropCluster", "ShareUpdateExclusiveLock"],
  ["AT_DetachPartitionFinalize", "ShareUpdateExclusiveLock"],
  ["AT_EnableTrig", "ShareRowExclusiveLock"],
  ["AT_EnableAlwaysTrig", "ShareRowExclusiveLock"],
  ["AT_EnableReplicaTrig", "ShareRowExclusiveLock"],
  ["AT_EnableTrigAll", "ShareRowExclusiveLock"],
  ["AT_EnableTrigUser", "ShareRowExclusiveLock"],
  ["AT_DisableTrig", "ShareRowExclusiveLock"],
  ["AT_DisableTrigAll", "ShareRowExclusiveLock"],
  ["AT_DisableTrigUser", "ShareRowExclusiveLock"],
]);

function partitionOf({ def }: Command): ObjectName {
  return relationName(def !== undefined && "PartitionCmd" in def ? def.PartitionCmd.name : undefined);
}
