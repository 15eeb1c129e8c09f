// From an offset in a migration file to what a person looks for: line, column, and the line itself, masked. Pure.
import type { StatementPlace } from "../failure/failure.ts";

/** The most of a line that a report shows; DESIGN section 2. */
const EXCERPT_LENGTH = 200;

/**
 * The place of an error. Without an offset from the server it is the line where the statement starts, and no column.
 *
 * Line ends are CRLF, LF or CR, as editors count them. Offsets count UTF-16 code units, columns code points.
 */
export function placeOf(
  script: { readonly file: string; readonly sql: string },
  version: string,
  statementStart: number,
  offset: number | null,
): StatementPlace {
  const { file, sql } = script;
  const at = offset ?? firstToken(sql, statementStart);
  const before = sql.slice(0, at).split(/\r\n|\n|\r/);
  const lineStart = at - (before.at(-1) ?? "").length;
  const line =
    maskLiterals(sql)
      .slice(lineStart)
      .split(/\r\n|\n|\r/, 1)[0] ?? "";
  const inLine = at - lineStart;
  // A long line is cut around the column, so that the caret still points at something.
  const from = inLine < EXCERPT_LENGTH ? 0 : inLine - EXCERPT_LENGTH / 2;
  return {
    version,
    file,
    line: before.length,
    column: offset === null ? null : [...line.slice(0, inLine)].length + 1,
    statement: line.slice(from, from + EXCERPT_LENGTH).trimEnd(),
    caret: offset === null ? null : inLine - from,
  };
}

/**
 * Replaces what stands in string literals, dollar-quoted ones too, character by character: a file may hold a secret,
 * and columns must stay where they are.
 */
export function maskLiterals(sql: string): string {
  return sql.replace(LITERAL, (match, tag: string | undefined) => {
    if (match.startsWith("--") || match.startsWith("/*") || match.startsWith('"')) return match;
    const quote = tag === undefined ? 1 : tag.length;
    const body = match.slice(quote, match.length - quote);
    return match.slice(0, quote) + body.replace(/[^\r\n]/g, "*") + match.slice(match.length - quote);
  });
}

// Comments and quoted names are matched to step over the quotes in them.
const LITERAL =
  /--[^\r\n]*|\/\*[\s\S]*?\*\/|"(?:[^"]|"")*"|'(?:[^'\\]|''|\\[\s\S])*'|(\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)[\s\S]*?\1/g;

// A statement's range may begin with the comments before it.
function firstToken(sql: string, start: number): number {
  const blank = /(?:\s|--[^\r\n]*|\/\*[\s\S]*?\*\/)*/y;
  blank.lastIndex = start;
  return start + (blank.exec(sql)?.[0].length ?? 0);
}
