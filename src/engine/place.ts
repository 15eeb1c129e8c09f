// From an offset in a migration file to what a person looks for: line, column, and the line itself, masked. Pure.
import type { StatementPlace } from "../failure/failure.ts";
import { LINE_END, lineAndColumn } from "../migration/text-place.ts";
import { maskLiterals } from "./mask-literals.ts";

/** The most of a line or a statement that a report shows; DESIGN section 2. */
export const EXCERPT_LENGTH = 200;

/**
 * The place of an error. Without an offset from the server it is the line where the statement starts, and no column.
 * Offsets count UTF-16 code units, columns code points.
 */
export function placeOf(
  script: { readonly file: string; readonly sql: string },
  version: string,
  statementStart: number,
  offset: number | null,
): StatementPlace {
  const { file, sql } = script;
  const at = offset ?? firstToken(sql, statementStart);
  const { line, column, lineStart } = lineAndColumn(sql, at);
  const text = maskLiterals(sql).slice(lineStart).split(LINE_END, 1)[0] ?? "";
  const inLine = at - lineStart;
  // A long line is cut around the column, so that the caret still points at something.
  const from = wholeCharacter(text, inLine < EXCERPT_LENGTH ? 0 : inLine - EXCERPT_LENGTH / 2);
  const to = wholeCharacter(text, from + EXCERPT_LENGTH);
  return {
    version,
    file,
    line,
    column: offset === null ? null : column,
    statement: text.slice(from, to).trimEnd(),
    caret: offset === null ? null : inLine - from,
  };
}

/** A statement's range may begin with the comments before it. */
export function firstToken(sql: string, start: number): number {
  const blank = /(?:\s+|--[^\r\n]*|\/\*[\s\S]*?\*\/)*/y;
  blank.lastIndex = start;
  return start + (blank.exec(sql)?.[0].length ?? 0);
}

/** Where a text may be cut near `at`: not in the middle of a surrogate pair. */
export function wholeCharacter(text: string, at: number): number {
  return at > 0 && /[\udc00-\udfff]/.test(text[at] ?? "") && /[\ud800-\udbff]/.test(text[at - 1] ?? "") ? at - 1 : at;
}
