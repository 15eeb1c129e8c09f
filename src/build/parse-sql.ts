// PostgreSQL's own parser (libpg-query), behind a small type of ours. The only file that knows the package.
import { setFlagsFromString } from "node:v8";
import type { Node } from "libpg-query";

/** A statement's syntax tree, as PostgreSQL's parser builds it. */
export type SyntaxTree = Node;

/** A statement's place in the text, in UTF-16 code units, and its syntax tree. */
export interface ParsedStatement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly tree: SyntaxTree;
}

/** What PostgreSQL's parser refused, and where, in UTF-16 code units; null where that is not known. */
export interface SyntaxProblem {
  readonly message: string;
  readonly offset: number | null;
  readonly hint?: string;
}

/**
 * Must be awaited once before parseSql: the parser is WebAssembly. V8 begins to optimise it as soon as it is used, and a
 * process cannot end before that is done: two seconds, which a command that parses some files never gets back. As it is
 * compiled at first (https://v8.dev/docs/wasm-compilation-pipeline) it takes no longer for ten thousand files either.
 */
export async function loadParser(): Promise<void> {
  // Before the package is loaded. One alone changes nothing.
  setFlagsFromString("--no-wasm-tier-up");
  setFlagsFromString("--no-wasm-dynamic-tiering");
  library = await import("libpg-query");
  await library.loadModule();
}

let library: typeof import("libpg-query") | null = null;

function parser(): typeof import("libpg-query") {
  if (library === null) throw new TypeError("loadParser was not awaited");
  return library;
}

/** Splits and parses a text without a byte-order mark. Empty statements vanish. */
export function parseSql(sql: string): readonly ParsedStatement[] | SyntaxProblem {
  if (sql.trim() === "") return []; // the parser refuses an empty text
  if (overflows >= MOST_OVERFLOWS)
    return { message: "was not read, because too many others nest too deep", offset: null };
  try {
    const offsets = byteOffsets(sql);
    return (parser().parseSync(sql).stmts ?? []).map((raw) => {
      const from = raw.stmt_location ?? 0;
      const start = offsets(from);
      const end = raw.stmt_len ? offsets(from + raw.stmt_len) : sql.trimEnd().length;
      return { start, end, text: sql.slice(start, end), tree: raw.stmt as SyntaxTree };
    });
  } catch (error) {
    if (error instanceof RangeError) {
      overflows++;
      return { message: "nests deeper than can be read", offset: null, hint: DEEP_HINT };
    }
    if (!parser().hasSqlDetails(error)) throw error;
    const codePoints = Math.max(0, error.sqlDetails?.cursorPosition ?? 0);
    return { message: error.message, offset: [...sql].slice(0, codePoints).join("").length };
  }
}

/**
 * How often the parser's recursion may overflow. Each time leaves it less of a stack of its own, which nothing gives back: of some twenty
 * texts the last one breaks it, and what it says of the next one is worth nothing.
 */
const MOST_OVERFLOWS = 5;
const DEEP_HINT =
  "Each operator or UNION of a chain is a level: write a long one as a list, as IN, ANY or VALUES, or as several statements.";
let overflows = 0;

/**
 * Names in a statement that PostgreSQL cuts off after 63 bytes; its syntax tree has them cut already.
 * https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
 */
export function cutNames(sql: string): readonly string[] {
  // Scanning takes longer than parsing: only where a word may be too long.
  if (!MAY_BE_CUT.test(sql)) return [];
  const names = parser()
    .scanSync(sql)
    .tokens.flatMap(({ tokenName, text }) => (tokenName === "IDENT" ? [unquoted(text)] : []));
  return names.filter((name) => Buffer.byteLength(name, "utf8") > 63);
}

/** Letters beyond ASCII have several bytes. */
const MAY_BE_CUT = /[\w$]{64}|"(?:[^"]|""){64}|[\u0080-\uffff]/;

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
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
