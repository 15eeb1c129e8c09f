// How many, and how large, as people say it; and text broken into lines. Pure.

// Made when there is a number to write: to load what it knows of languages takes Node 30 ms.
const exact = (number: number) => number.toLocaleString("en");
const compact = (number: number) =>
  number.toLocaleString("en", { notation: "compact", compactDisplay: "long", maximumFractionDigits: 1 });

/** `1 migration`, `2 pending migrations`. */
export function formatMigrations(number: number, kind = ""): string {
  return `${number} ${kind}migration${number === 1 ? "" : "s"}`;
}

/** `no rows`, `1 row`, `9,999 rows`, `1.2 million rows`. */
export function formatRows(rows: number): string {
  if (rows === 0) return "no rows";
  return rows === 1 ? "1 row" : `${(rows < 10_000 ? exact : compact)(rows)} rows`;
}

const UNITS = ["bytes", "kB", "MB", "GB", "TB", "PB"];

/** `340 MB`: powers of 1024, as psql and pg_size_pretty have them. */
export function formatBytes(bytes: number): string {
  let [amount, unit] = [bytes, 0];
  while (amount >= 1000 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit++;
  }
  const rounded = amount < 10 && unit > 0 ? Math.round(amount * 10) / 10 : Math.round(amount);
  return `${exact(rounded)} ${UNITS[unit]}`;
}

/** What an output is broken to: that of the narrowest terminals, and of mails. */
const WIDTH = 80;

/** Breaks at spaces; a word that is too long stays whole. Further lines stand two deeper than the first. */
export function wrap(text: string, indent: number): readonly string[] {
  const lines: string[] = [];
  let line = " ".repeat(indent);
  let isEmpty = true;
  for (const word of text.split(" ")) {
    if (!isEmpty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = " ".repeat(indent + 2);
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}
