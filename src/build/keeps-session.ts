// Reads from a syntax tree whether a statement can touch the session that it runs in: its settings, its transaction, its
// locks. Pure. What the engine leaves out around such statements is in frame.ts.
import type { SyntaxTree } from "./parse-sql.ts";
import { nodesOf } from "./tree-names.ts";

/**
 * True for what defines objects and runs no code of anybody's while it does so. A statement that is not known here, calls a
 * function or can set off a trigger may do all that a function can, set_config and advisory unlocks among it.
 *
 * Not seen: event triggers, and functions that indexes, constraints and types of the database call by themselves.
 */
export function keepsSession(tree: SyntaxTree): boolean {
  const [type = ""] = Object.keys(tree);
  if (!DEFINITIONS.has(type) || namesTemporary(tree)) return false;
  if (STORED_UNRUN.has(type)) return true;
  const run = "CreateStmt" in tree ? tree.CreateStmt.partbound : tree;
  return ![...nodesOf(run)].some((node) => "FuncCall" in node);
}

/** What they hold of expressions and bodies is stored, and run by whoever uses the object. */
const STORED_UNRUN: ReadonlySet<string> = new Set([
  "CreateFunctionStmt",
  "CreatePolicyStmt",
  "AlterPolicyStmt",
  "CreateTrigStmt",
  "ViewStmt",
]);

const DEFINITIONS: ReadonlySet<string> = new Set([
  ...STORED_UNRUN,
  "AlterDomainStmt",
  "AlterEnumStmt",
  "AlterObjectSchemaStmt",
  "AlterOwnerStmt",
  "AlterSeqStmt",
  "AlterTableStmt",
  "CommentStmt",
  "CompositeTypeStmt",
  "CreateDomainStmt",
  "CreateEnumStmt",
  "CreateSeqStmt",
  "CreateStatsStmt",
  "CreateStmt",
  "DropStmt",
  "GrantStmt",
  "IndexStmt",
  "RenameStmt",
]);

/** A temporary object belongs to the session, and stays in it. */
function namesTemporary(tree: SyntaxTree): boolean {
  return /"relpersistence":"t"|pg_temp/.test(JSON.stringify(tree));
}
