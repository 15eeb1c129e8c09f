// Reads from a syntax tree what a statement does to rows that are there: what it drops, empties or renames, and what of
// it cannot be seen. Pure. What a rollback makes of that is the engine's.
import type { Effect, Reach } from "../migration/effect.ts";
import type { ObjectName } from "../migration/manifest.ts";
import type { SyntaxTree } from "./parse-sql.ts";
import { nodesOf } from "./tree-names.ts";

/** In the order of the statement. What is not in this list takes no rows and no values away, or says so as `unseen`. */
export function effectsOf(tree: SyntaxTree): readonly Effect[] {
  return [...ownEffects(tree), ...nodesOf(tree, DEFINITIONS).flatMap(effectWithin)];
}

function ownEffects(tree: SyntaxTree): readonly Effect[] {
  if ("DropStmt" in tree) return dropped(tree.DropStmt);
  if ("TruncateStmt" in tree) {
    const { relations = [], behavior } = tree.TruncateStmt;
    const reach: Reach = behavior === "DROP_CASCADE" ? "truncated" : "only";
    return relations.flatMap((relation) => ("RangeVar" in relation ? [emptied(relation.RangeVar, reach)] : []));
  }
  if ("AlterTableStmt" in tree) return altered(tree.AlterTableStmt);
  if ("RenameStmt" in tree) return renamed(tree.RenameStmt);
  if ("AlterObjectSchemaStmt" in tree && tree.AlterObjectSchemaStmt.objectType === "OBJECT_TABLE") {
    const { relation, newschema: schema = "", missing_ok: mayBeMissing } = tree.AlterObjectSchemaStmt;
    const table = nameOf(relation);
    return [{ effect: "rename_table", table, to: { schema, name: table.name } }, ...perhaps(mayBeMissing)];
  }
  if ("VariableSetStmt" in tree && tree.VariableSetStmt.name === "search_path") return [unseen("SET search_path")];
  if ("DoStmt" in tree) return [unseen("a DO block")];
  if ("CallStmt" in tree) return [unseen("CALL")];
  if ("ExecuteStmt" in tree) return [unseen("EXECUTE")];
  if ("DropOwnedStmt" in tree) return [unseen("DROP OWNED")];
  return [];
}

type Of<Kind extends string> = Extract<SyntaxTree, Record<Kind, unknown>>[Kind &
  keyof Extract<SyntaxTree, Record<Kind, unknown>>];

function dropped({ removeType, objects = [], behavior }: Of<"DropStmt">): readonly Effect[] {
  const cascades = behavior === "DROP_CASCADE";
  switch (removeType) {
    case "OBJECT_TABLE":
      return objects.map((object) => ({ effect: "drop_table", table: listedName(object) }));
    case "OBJECT_SCHEMA":
      // Without CASCADE only an empty one is dropped.
      if (!cascades) return [];
      return objects.map((object) => ({ effect: "drop_schema", schema: textOf(object) }));
    case "OBJECT_EXTENSION":
      return [unseen("DROP EXTENSION")];
    case "OBJECT_TYPE":
      return cascades ? [unseen("DROP TYPE ... CASCADE")] : [];
    case "OBJECT_DOMAIN":
      return cascades ? [unseen("DROP DOMAIN ... CASCADE")] : [];
    default:
      return [];
  }
}

function altered({ relation, cmds = [], objtype }: Of<"AlterTableStmt">): readonly Effect[] {
  const table = nameOf(relation);
  return cmds.flatMap((command): readonly Effect[] => {
    if (!("AlterTableCmd" in command)) return [];
    const { subtype, name: column = "" } = command.AlterTableCmd;
    if (subtype === "AT_AlterColumnType") return [unseen(`ALTER TABLE ${table.name} ... TYPE`)];
    if (subtype !== "AT_DropColumn") return [];
    if (objtype === "OBJECT_TYPE") return [unseen("ALTER TYPE ... DROP ATTRIBUTE")];
    return [{ effect: "drop_column", table, column }];
  });
}

function renamed(statement: Of<"RenameStmt">): readonly Effect[] {
  const { renameType, relation, subname = "", newname: to = "", missing_ok: mayBeMissing } = statement;
  const table = nameOf(relation);
  switch (renameType) {
    case "OBJECT_TABLE":
      return [{ effect: "rename_table", table, to: { schema: table.schema, name: to } }, ...perhaps(mayBeMissing)];
    case "OBJECT_COLUMN":
      return [{ effect: "rename_column", table, column: subname, to }, ...perhaps(mayBeMissing)];
    case "OBJECT_SCHEMA":
      return [{ effect: "rename_schema", schema: subname, to }];
    default:
      return [];
  }
}

/** Whether a name means the one thing or the other is decided when the statement runs. */
function perhaps(mayBeMissing: boolean | undefined): readonly Effect[] {
  return mayBeMissing ? [unseen("ALTER TABLE IF EXISTS ... to another name")] : [];
}

/** Of what may stand anywhere in a statement, such as a DELETE in a WITH. */
function effectWithin(part: SyntaxTree): readonly Effect[] {
  if ("DeleteStmt" in part) {
    const { relation, whereClause } = part.DeleteStmt;
    const isAll = whereClause === undefined;
    return [isAll ? emptied(relation, "deleted") : unseen(`DELETE FROM ${nameOf(relation).name} ... WHERE`)];
  }
  if ("UpdateStmt" in part) return [unseen(`UPDATE ${nameOf(part.UpdateStmt.relation).name}`)];
  if ("MergeStmt" in part) return [unseen(`MERGE INTO ${nameOf(part.MergeStmt.relation).name}`)];
  if ("InsertStmt" in part && part.InsertStmt.onConflictClause?.action === "ONCONFLICT_UPDATE") {
    return [unseen(`INSERT INTO ${nameOf(part.InsertStmt.relation).name} ... DO UPDATE`)];
  }
  if ("FuncCall" in part) {
    const names = (part.FuncCall.funcname ?? []).map(textOf);
    const name = names.at(-1) ?? "";
    // It may lead every later name to another schema.
    if (name === "set_config") return [unseen("set_config()")];
    return [{ effect: "call", function: { schema: names.at(-2) ?? null, name } }];
  }
  return [];
}

/** What they hold runs later, if ever. */
const DEFINITIONS: ReadonlySet<string> = new Set([
  "CreateFunctionStmt",
  "CreatePolicyStmt",
  "CreateTrigStmt",
  "PrepareStmt",
  "RuleStmt",
  "ViewStmt",
]);

function emptied(relation: Relation, reach: Reach): Effect {
  return { effect: "empty_table", table: nameOf(relation), reach };
}

function unseen(what: string): Effect {
  return { effect: "unseen", what };
}

type Relation = { readonly schemaname?: string; readonly relname?: string } | undefined;

function nameOf(relation: Relation): ObjectName {
  return { schema: relation?.schemaname ?? null, name: relation?.relname ?? "" };
}

function listedName(tree: SyntaxTree): ObjectName {
  const names = "List" in tree ? (tree.List.items ?? []).map(textOf) : [];
  return { schema: names.at(-2) ?? null, name: names.at(-1) ?? "" };
}

function textOf(tree: SyntaxTree): string {
  return "String" in tree ? (tree.String.sval ?? "") : "";
}
