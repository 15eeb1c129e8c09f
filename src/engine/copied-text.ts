// What COPY TO STDOUT gave, taken apart. Pure. For what is read in bulk: the driver reads one value a row instead of one for each
// column, and of a plain table the server has nothing to plan.

/** The values of one row in the order of their columns, as text; null for NULL. */
export type CopiedRow = readonly (string | null)[];

/** All rows, in the text format: https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.55.9.2 */
export function copiedRows(text: string): readonly CopiedRow[] {
  // Every line has an end.
  const lines = text.split("\n").slice(0, -1);
  return lines.map((line) => {
    const values = line.split("\t");
    return line.includes("\\") ? values.map(unescaped) : values;
  });
}

function unescaped(value: string): string | null {
  return value === "\\N" ? null : value.replace(/\\(.)/gs, (_, character: string) => ESCAPED[character] ?? character);
}

const ESCAPED: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };
