// Where in a text an offset is, as people count. Pure.

/** Any line end: CRLF, LF or CR, as editors have them. */
export const LINE_END = /\r\n|\n|\r/;

/** 1-based line and column; the column counts code points, the offset UTF-16 code units. */
export function lineAndColumn(text: string, offset: number): { line: number; column: number; lineStart: number } {
  const lines = text.slice(0, offset).split(LINE_END);
  const inLine = lines.at(-1) ?? "";
  return { line: lines.length, column: [...inLine].length + 1, lineStart: offset - inLine.length };
}
