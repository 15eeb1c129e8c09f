// What COPY TO STDOUT would give, for tests of what decodes it.
import { ENTRY_COLUMNS } from "../../src/engine/journal.ts";

type Entry = Partial<Readonly<Record<(typeof ENTRY_COLUMNS)[number], string | null>>>;

/** Entries of a journal as readStatement copies them; what is left out is empty. None of them may need an escape. */
export function copiedEntries(entries: readonly Entry[]): string {
  return entries
    .map(
      (entry) =>
        `${ENTRY_COLUMNS.map((column) => (entry[column] === null ? "\\N" : (entry[column] ?? ""))).join("\t")}\n`,
    )
    .join("");
}
