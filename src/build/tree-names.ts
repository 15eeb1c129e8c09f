// Takes names, constants and nested nodes out of syntax trees. Pure.
import type { ObjectName } from "../migration/manifest.ts";
import type { SyntaxTree } from "./parse-sql.ts";

/** What a statement names as a table or the like; `schema` is null when search_path decides. */
export function relationName(
  relation: { readonly schemaname?: string; readonly relname?: string } | undefined,
): ObjectName {
  return { schema: relation?.schemaname ?? null, name: relation?.relname ?? "" };
}

/** The name in a node of any kind that can stand where an object is named. */
export function objectName(tree: SyntaxTree): ObjectName {
  const names = nameParts(tree);
  return { schema: names.at(-2) ?? null, name: names.at(-1) ?? "" };
}

/** `billing.invoice` as its two words. */
export function nameParts(tree: SyntaxTree): readonly string[] {
  if ("String" in tree) return [tree.String.sval ?? ""];
  if ("List" in tree) return words(tree.List.items);
  if ("TypeName" in tree) return words(tree.TypeName.names);
  if ("ObjectWithArgs" in tree) return words(tree.ObjectWithArgs.objname);
  if ("RangeVar" in tree) return [tree.RangeVar.schemaname ?? [], tree.RangeVar.relname ?? ""].flat();
  return [];
}

/** The strings among these nodes. */
export function words(trees: readonly SyntaxTree[] | undefined): readonly string[] {
  return (trees ?? []).map((tree) => ("String" in tree ? (tree.String.sval ?? "") : ""));
}

/**
 * Every node of a tree, itself first, without those of some types and what is in them. A body in a string, such as a DO
 * block's, stays unseen.
 */
export function nodesOf(tree: unknown, without: ReadonlySet<string> = new Set()): readonly SyntaxTree[] {
  return partsOf(tree, (part) => without.has(typeOf(part) ?? "")).filter(
    (part): part is SyntaxTree => typeOf(part) !== null,
  );
}

/** A node is an object with one key, its type. */
function typeOf(part: unknown): string | null {
  if (part === null || typeof part !== "object" || Array.isArray(part)) return null;
  const [key = ""] = Object.keys(part);
  return /^[A-Z]/.test(key) ? key : null;
}

/**
 * Everything in a tree, at any depth, what is outside before what is in it. Without recursion: a chain of operators is as deep as
 * it is long, and PostgreSQL takes one of thousands.
 */
export function partsOf(tree: unknown, isLeftOut: (part: unknown) => boolean = () => false): readonly unknown[] {
  const parts: unknown[] = [];
  const waiting = [tree];
  while (waiting.length > 0) {
    const part = waiting.pop();
    if (isLeftOut(part)) continue;
    parts.push(part);
    if (part === null || typeof part !== "object") continue;
    for (const inner of Object.values(part).reverse()) waiting.push(inner);
  }
  return parts;
}

/** True for a query that reads tables in FROM. VALUES, and what only asks WHERE EXISTS, finds a few rows at most. */
export function findsRows(query: SyntaxTree | undefined): boolean {
  const waiting = query !== undefined && "SelectStmt" in query ? [query.SelectStmt] : [];
  for (let select = waiting.pop(); select !== undefined; select = waiting.pop()) {
    const { fromClause, larg, rarg } = select;
    if (nodesOf(fromClause).some((node) => "RangeVar" in node)) return true;
    waiting.push(...[larg, rarg].filter((side) => side !== undefined));
  }
  return false;
}

/** Columns that an expression mentions, each once, without what stands before the dot. */
export function columnsIn(expression: unknown): readonly string[] {
  const names = nodesOf(expression).flatMap((node) =>
    "ColumnRef" in node ? words(node.ColumnRef.fields).slice(-1) : [],
  );
  return [...new Set(names)];
}

/** The text of a constant, whatever its type; null for what is none. */
export function constantText(tree: SyntaxTree): string | null {
  if (!("A_Const" in tree)) return null;
  const { sval, ival, fval, boolval, isnull } = tree.A_Const;
  if (isnull) return null;
  if (sval !== undefined) return sval.sval ?? "";
  if (fval !== undefined) return fval.fval ?? "";
  if (boolval !== undefined) return String(boolval.boolval ?? false);
  return String(ival?.ival ?? 0);
}
