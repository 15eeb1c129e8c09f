// Reads what DROP drops, as rules know it. Pure.
import type { Action } from "../hazards/action.ts";
import { kindOf } from "./object-kind.ts";
import type { SyntaxTree } from "./parse-sql.ts";
import { nameParts, objectName } from "./tree-names.ts";

/** One action for each object. */
export function readDrop(statement: Extract<SyntaxTree, { DropStmt: unknown }>["DropStmt"]): readonly Action[] {
  const { objects = [], removeType, behavior } = statement;
  const { concurrent: isConcurrent = false, missing_ok: mayBeMissing = false } = statement;
  const isCascade = behavior === "DROP_CASCADE";
  const what = kindOf(removeType);
  return objects.map((object): Action => {
    if (what === "index")
      return { kind: "drop_index", index: objectName(object), isConcurrent, mayBeMissing, isCascade };
    if (!ON_TABLES.includes(removeType ?? ""))
      return { kind: "drop", what, name: objectName(object), table: null, isCascade };
    const [name = "", table = "", schema = null] = nameParts(object).toReversed();
    return { kind: "drop", what, name: { schema: null, name }, table: { schema, name: table }, isCascade };
  });
}

/** Named by their table first. */
const ON_TABLES: readonly string[] = ["OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_RULE"];
