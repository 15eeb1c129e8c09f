// The syntax tree of one statement, for tests of what reads it. The parser must be loaded.
import { parseSql, type SyntaxTree } from "../../src/build/parse-sql.ts";

/** Throws for a text that is not one statement. */
export function treeOf(sql: string): SyntaxTree {
  const parsed = parseSql(sql);
  if ("offset" in parsed || parsed.length !== 1) throw new TypeError(`not one statement: ${sql}`);
  return parsed[0]?.tree as SyntaxTree;
}
