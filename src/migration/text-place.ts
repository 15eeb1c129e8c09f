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
  return (offset) => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    const lineStart = starts[low] ?? 0;
    return { line: low + 1, column: [...text.slice(lineStart, offset)].length + 1, lineStart };
  };
}
