// Where in a text an offset is, as people count. Pure.

/** Any line end: CRLF, LF or CR, as editors have them. */
export const LINE_END = /\r\n|\n|\r/;

/** 1-based line and column; the column counts code points, the offset UTF-16 code units. */
export function lineAndColumn(text: string, offset: number): { line: number; column: number; lineStart: number } {
  return placesIn(text.slice(0, offset))(offset);
}

/** The same for many offsets of one text, whose lines are looked for once: a file can have a finding for each of 80,000 statements. */
export function placesIn(text: string): (offset: number) => ReturnType<typeof lineAndColumn> {
  const ends = text.matchAll(new RegExp(LINE_END, "g"));
  const starts = [0, ...Array.from(ends, (end) => end.index + end[0].length)];
  let last = { lineStart: 0, offset: 0, column: 1 };
  return (offset) => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    const lineStart = starts[low] ?? 0;
    if (lineStart !== last.lineStart || offset < last.offset) last = { lineStart, offset: lineStart, column: 1 };
    last = { lineStart, offset, column: last.column + codePoints(text, last.offset, offset) };
    return { line: low + 1, column: last.column, lineStart };
  };
}

/** Counted one by one: a line may be 64 MB, and an array of its characters eight times as much. */
function codePoints(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; count++) at += (text.codePointAt(at) ?? 0) > 0xffff && at + 1 < to ? 2 : 1;
  return count;
}
