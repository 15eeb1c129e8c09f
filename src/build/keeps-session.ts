// Reads from a syntax tree whether a statement can touch the session that it runs in: its settings, its transaction, its
// locks. Pure. What the engine leaves out around such statements is in frame.ts.
import type { SyntaxTree } from "./parse-sql.ts";
import { nodesOf, partsOf } from "./tree-names.ts";

/**
 * True for what defines objects and calls no function while it does so. A statement that is not known here, calls one or can
 * set off a trigger may do all that a function can, set_config and advisory unlocks among it.
 *
 * Not seen: event triggers, and the functions behind operators, casts, indexes and constraints of somebody's own. So the
 * engine does not rely on it for the role and the search path.
 */
export function keepsSession(tree: SyntaxTree): boolean {
  const [type = ""] = Object.keys(tree);
  if (!DEFINITIONS.has(type) || namesTemporary(tree)) return false;
  if (STORED_UNRUN.has(type)) return true;
  return !evaluatedParts(tree).some((part) => nodesOf(part).some((node) => "FuncCall" in node));
}

/** A new table has no rows: its defaults and checks are only stored. */
function evaluatedParts(tree: SyntaxTree): readonly unknown[] {
  if (!("CreateStmt" in tree)) return [tree];
  const { partbound, partspec, tableElts } = tree.CreateStmt;
  const generated = nodesOf(tableElts).filter(
    (node) => "Constraint" in node && node.Constraint.contype === "CONSTR_GENERATED",
  );
  return [partbound, partspec, ...generated];
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
  return partsOf(tree).some((part) => {
    if (typeof part === "string") return part.includes("pg_temp");
    return part !== null && typeof part === "object" && "relpersistence" in part && part.relpersistence === "t";
  });
}
