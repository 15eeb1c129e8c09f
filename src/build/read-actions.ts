// Reads from a syntax tree what a statement does, in the words that rules know (hazards/action.ts). Pure.
import type { Action, JudgedStatement } from "../hazards/action.ts";
import type { LockMode } from "../migration/foreseen.ts";
import { hiddenIn } from "./hidden-code.ts";
import { kindOf } from "./object-kind.ts";
import { cutNames, type ParsedStatement, type SyntaxTree } from "./parse-sql.ts";
import { readAlterTable } from "./read-alter-table.ts";
import { readCreate } from "./read-create.ts";
import { readDrop } from "./read-drop.ts";
import { constantText, findsRows, nodesOf, objectName, relationName, words } from "./tree-names.ts";

/** The statement as rules see it. What no rule asks about has no actions. */
export function readStatement({ start, text, tree }: ParsedStatement): JudgedStatement {
  const nodes = nodesOf(tree);
  const calls = nodes.flatMap((node) => ("FuncCall" in node ? words(node.FuncCall.funcname).slice(-1) : []));
  return {
    start,
    actions: [...readActions(tree), ...(isDefinition(tree) ? [] : nodes.slice(1).flatMap(readNested))],
    strings: nodes.flatMap((node) => ("A_Const" in node && node.A_Const.sval ? [node.A_Const.sval.sval ?? ""] : [])),
    calls,
    cutNames: cutNames(text),
  };
}

/** What stands in a body is not done yet. */
function isDefinition(tree: SyntaxTree): boolean {
  return "CreateFunctionStmt" in tree || "RuleStmt" in tree || "CreateTrigStmt" in tree;
}

/** What stands inside another statement: a CTE that changes rows, a call of set_config(). */
function readNested(tree: SyntaxTree): readonly Action[] {
  if (["InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"].some((type) => type in tree)) return readActions(tree);
  if (!("FuncCall" in tree) || words(tree.FuncCall.funcname).at(-1) !== "set_config") return [];
  const [setting, value, isLocal] = (tree.FuncCall.args ?? []).map(constantText);
  return setting ? [{ kind: "set", setting, value: value ?? null, isLocal: isLocal === "true" }] : [];
}

function readActions(tree: SyntaxTree): readonly Action[] {
  if ("AlterTableStmt" in tree) return readAlterTable(tree.AlterTableStmt);
  if ("DropStmt" in tree) return readDrop(tree.DropStmt);
  if ("RenameStmt" in tree) return readRename(tree.RenameStmt);
  if ("AlterObjectSchemaStmt" in tree) {
    const { objectType, relation, object, newschema = "" } = tree.AlterObjectSchemaStmt;
    const name = relation ? relationName(relation) : object ? objectName(object) : relationName(undefined);
    return [{ kind: "set_schema", what: kindOf(objectType), name, to: newschema }];
  }
  if ("AlterOwnerStmt" in tree) {
    const { objectType, object } = tree.AlterOwnerStmt;
    return object ? [{ kind: "change_owner", what: kindOf(objectType), name: objectName(object) }] : [];
  }
  if ("AlterEnumStmt" in tree) {
    const { typeName = [], oldVal, newVal = "" } = tree.AlterEnumStmt;
    const names = words(typeName);
    const type = { schema: names.at(-2) ?? null, name: names.at(-1) ?? "" };
    return [{ kind: oldVal === undefined ? "add_enum_value" : "rename_enum_value", type, value: oldVal ?? newVal }];
  }
  if ("AlterDomainStmt" in tree) {
    const { subtype, typeName = [], def } = tree.AlterDomainStmt;
    // ADD and VALIDATE CONSTRAINT, and SET NOT NULL.
    if (!["C", "V", "O"].includes(subtype ?? "")) return [];
    const [name = "", schema = null] = words(typeName).toReversed();
    const isNotValid = def !== undefined && "Constraint" in def && (def.Constraint.skip_validation ?? false);
    return [{ kind: "add_domain_constraint", domain: { schema, name }, isNotValid }];
  }
  if ("TruncateStmt" in tree) {
    const { relations = [], behavior } = tree.TruncateStmt;
    const isCascade = behavior === "DROP_CASCADE";
    return relations.map((relation) => ({ kind: "truncate", table: objectName(relation), isCascade }));
  }
  return readCreate(tree) ?? readRows(tree) ?? readSession(tree) ?? readRights(tree) ?? readTableWork(tree) ?? [];
}

function readRows(tree: SyntaxTree): readonly Action[] | null {
  if ("InsertStmt" in tree) {
    const { relation, selectStmt } = tree.InsertStmt;
    return [{ kind: "insert", table: relationName(relation), hasSelect: findsRows(selectStmt) }];
  }
  // It changes what its source finds, as an UPDATE with FROM does.
  if ("MergeStmt" in tree) return [{ kind: "update", table: relationName(tree.MergeStmt.relation), isWhole: false }];
  if ("UpdateStmt" in tree) {
    const { relation, whereClause } = tree.UpdateStmt;
    return [{ kind: "update", table: relationName(relation), isWhole: isForAll(whereClause) }];
  }
  if ("DeleteStmt" in tree) {
    const { relation, whereClause } = tree.DeleteStmt;
    return [{ kind: "delete", table: relationName(relation), isWhole: isForAll(whereClause) }];
  }
  return null;
}

function readSession(tree: SyntaxTree): readonly Action[] | null {
  if ("VariableSetStmt" in tree) {
    const { name, kind, args = [], is_local: isLocal = false } = tree.VariableSetStmt;
    const value = kind === "VAR_SET_VALUE" ? args.map((arg) => constantText(arg) ?? "").join(", ") : null;
    return [{ kind: "set", setting: name ?? "all", value, isLocal }];
  }
  if ("TransactionStmt" in tree) {
    const command = (tree.TransactionStmt.kind ?? "").replace(/^TRANS_STMT_/, "").replaceAll("_", " ");
    return [{ kind: "transaction", command }];
  }
  if ("DiscardStmt" in tree) return [{ kind: "transaction", command: "DISCARD" }];
  if ("CallStmt" in tree) return [{ kind: "opaque", command: "CALL", hides: null }];
  if ("DoStmt" in tree) {
    const bodies = nodesOf(tree).flatMap((node) => ("String" in node ? [node.String.sval ?? ""] : []));
    return [{ kind: "opaque", command: "DO", hides: bodies.map(hiddenIn).find((found) => found !== null) ?? null }];
  }
  return null;
}

function readRights(tree: SyntaxTree): readonly Action[] | null {
  if ("AlterDefaultPrivilegesStmt" in tree) {
    const { is_grant: isGrant = false, objtype } = tree.AlterDefaultPrivilegesStmt.action ?? {};
    return isGrant && objtype === "OBJECT_TABLE" ? [{ kind: "grant_by_default" }] : [];
  }
  if ("GrantStmt" in tree) {
    const { is_grant: isGrant = false, objects = [], objtype, targtype } = tree.GrantStmt;
    if (objtype !== "OBJECT_TABLE") return [];
    if (!isGrant) return [{ kind: "revoke", on: objects.map(objectName) }];
    return [{ kind: "grant", on: targtype === "ACL_TARGET_ALL_IN_SCHEMA" ? [] : objects.map(objectName) }];
  }
  return null;
}

function readTableWork(tree: SyntaxTree): readonly Action[] | null {
  if ("LockStmt" in tree) {
    const { relations = [], mode = 8 } = tree.LockStmt;
    return relations.map((relation) => ({
      kind: "lock_table",
      table: objectName(relation),
      mode: LOCKS[mode - 1] ?? "AccessExclusiveLock",
    }));
  }
  if ("VacuumStmt" in tree) {
    const { is_vacuumcmd: isVacuum, options = [], rels = [] } = tree.VacuumStmt;
    const isFull = options.some((option) => "DefElem" in option && option.DefElem.defname === "full");
    if (!isVacuum || !isFull) return [];
    return rels.flatMap((rel) =>
      "VacuumRelation" in rel
        ? [{ kind: "rewrite_table", table: relationName(rel.VacuumRelation.relation), command: "VACUUM FULL" }]
        : [],
    );
  }
  if ("ClusterStmt" in tree) {
    const { relation } = tree.ClusterStmt;
    return relation ? [{ kind: "rewrite_table", table: relationName(relation), command: "CLUSTER" }] : [];
  }
  if ("RefreshMatViewStmt" in tree) {
    const { relation, concurrent: isConcurrent = false } = tree.RefreshMatViewStmt;
    return [{ kind: "refresh_view", view: relationName(relation), isConcurrent }];
  }
  if ("ReindexStmt" in tree) {
    const { kind, relation, name = "database", params = [] } = tree.ReindexStmt;
    const isConcurrent = params.some((node) => "DefElem" in node && node.DefElem.defname === "concurrently");
    const of = kind === "REINDEX_OBJECT_INDEX" ? "index" : kind === "REINDEX_OBJECT_TABLE" ? "table" : "all";
    return [{ kind: "reindex", of, name: relationName(relation ?? { relname: name }), isConcurrent }];
  }
  if ("RuleStmt" in tree) {
    const table = relationName(tree.RuleStmt.relation);
    return [{ kind: "alter_table", table, command: "CREATE RULE", mode: "AccessExclusiveLock" }];
  }
  return null;
}

function readRename(statement: Extract<SyntaxTree, { RenameStmt: unknown }>["RenameStmt"]): readonly Action[] {
  const { renameType, relation, object, subname = "", newname: to = "" } = statement;
  const named = relation ? relationName(relation) : object ? objectName(object) : { schema: null, name: subname };
  if (renameType === "OBJECT_COLUMN") return [{ kind: "rename_column", table: named, column: subname, to }];
  if (renameType === "OBJECT_TABCONSTRAINT")
    return [{ kind: "rename_constraint", table: named, constraint: subname, to }];
  return [{ kind: "rename", what: kindOf(renameType), name: named, to }];
}

/** LOCK TABLE's numbers: https://github.com/postgres/postgres/blob/master/src/include/storage/lockdefs.h */
const LOCKS: readonly LockMode[] = [
  "AccessShareLock",
  "RowShareLock",
  "RowExclusiveLock",
  "ShareUpdateExclusiveLock",
  "ShareLock",
  "ShareRowExclusiveLock",
  "ExclusiveLock",
  "AccessExclusiveLock",
];

function isForAll(where: SyntaxTree | undefined): boolean {
  return where === undefined || constantText(where) === "true";
}
