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
 * Every node of a tree, itself first, without those of some kinds and what is in them. A body in a string, such as a DO
 * block's, stays unseen.
 */
export function nodesOf(tree: unknown, without: ReadonlySet<string> = new Set()): readonly SyntaxTree[] {
  const nodes: SyntaxTree[] = [];
  for (const [key, value] of membersOf(tree, without)) {
    if (/^[A-Z]/.test(key)) nodes.push({ [key]: value } as unknown as SyntaxTree);
  }
  return nodes;
}

/**
 * Everything in a tree, at any depth, with the key that it stands under; what is outside comes before what is in it. Without
 * recursion: a chain of operators is as deep as it is long, and PostgreSQL takes one of thousands.
 */
export function* membersOf(
  tree: unknown,
  without: ReadonlySet<string> = new Set(),
): Generator<readonly [key: string, value: unknown]> {
  const waiting: (readonly [string, unknown])[] = [["", tree]];
  for (let member = waiting.pop(); member !== undefined; member = waiting.pop()) {
    const [key, value] = member;
    if (without.has(key)) continue;
    yield member;
    if (value === null || typeof value !== "object") continue;
    for (const inner of Object.entries(value).reverse()) waiting.push(inner);
  }
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
