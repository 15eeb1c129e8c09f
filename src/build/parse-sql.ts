// PostgreSQL's own parser (libpg-query), behind a small type of ours. The only file that knows the package.
import { hasSqlDetails, loadModule, type Node, parseSync } from "libpg-query";

/** A statement's syntax tree, as PostgreSQL's parser builds it. */
export type SyntaxTree = Node;

/** A statement's place in the text, in UTF-16 code units, and its syntax tree. */
export interface ParsedStatement {
  readonly start: number;
  readonly end: number;
  readonly tree: SyntaxTree;
}

/** What PostgreSQL's parser refused, and where, in UTF-16 code units. */
export interface SyntaxProblem {
  readonly message: string;
  readonly offset: number;
}

/** Must be awaited once before parseSql: the parser is WebAssembly. */
export const loadParser: () => Promise<void> = loadModule;

/** Splits and parses a text without a byte-order mark. Empty statements vanish. */
export function parseSql(sql: string): readonly ParsedStatement[] | SyntaxProblem {
  if (sql.trim() === "") return []; // the parser refuses an empty text
  try {
    const offsets = byteOffsets(sql);
    return (parseSync(sql).stmts ?? []).map((raw) => {
      const from = raw.stmt_location ?? 0;
      const start = offsets(from);
      return {
        start,
        end: raw.stmt_len ? offsets(from + raw.stmt_len) : sql.trimEnd().length,
        tree: raw.stmt as SyntaxTree,
      };
    });
  } catch (error) {
    if (!hasSqlDetails(error)) throw error;
    const codePoints = Math.max(0, error.sqlDetails?.cursorPosition ?? 0);
    return { message: error.message, offset: [...sql].slice(0, codePoints).join("").length };
  }
}

/** The parser counts UTF-8 bytes; asked in ascending order, the whole file is walked once. */
function byteOffsets(sql: string): (bytes: number) => number {
  if (Buffer.byteLength(sql, "utf8") === sql.length) return (bytes) => bytes;
  let [bytes, units] = [0, 0];
  return (wanted) => {
    while (bytes < wanted) {
      const codePoint = sql.codePointAt(units) ?? 0;
      bytes += codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
      units += codePoint < 0x10000 ? 1 : 2;
    }
    return units;
  };
}
