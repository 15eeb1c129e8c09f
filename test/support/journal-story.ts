// Reads a journal as a story, entry by entry in the order in which they were written, and holds every turn against
// what a migration engine can do. Pure.
import type { JournalRow } from "./workplace.ts";

/** Every turn that could not have happened; none for a story that is possible. */
export function implausibleTurns(journal: readonly JournalRow[]): readonly string[] {
  const applied = new Map<string, JournalRow>();
  const turns: string[] = [];
  let newestBatch = 0;
  for (const row of journal) {
    const { id, version, state, batch } = row;
    const before = applied.get(version);
    const tell = (what: string) => turns.push(`entry ${id}: ${version} ${what}`);
    if (state === "applied") {
      if (before !== undefined) tell(`is applied, and was by entry ${before.id}`);
      if (batch !== newestBatch && batch !== newestBatch + 1) tell(`is in batch ${batch} after batch ${newestBatch}`);
      newestBatch = Math.max(newestBatch, batch);
      applied.set(version, row);
    } else if (state === "rolled_back") {
      if (before === undefined) tell("is rolled back, and was not applied");
      else if (before.batch !== batch) tell(`is rolled back in batch ${batch}, and was applied in ${before.batch}`);
      applied.delete(version);
    } else tell(`was left ${state}`);
  }
  const current = journal.filter((row) => row.is_current).map(({ id, version }) => `${version} by entry ${id}`);
  const expected = [...applied.values()].map(({ id, version }) => `${version} by entry ${id}`);
  if (current.sort().join() !== expected.sort().join()) {
    turns.push(`current are [${current.join(", ")}], and the story says [${expected.join(", ")}]`);
  }
  return turns;
}

/** The versions that the story leaves applied, in order. */
export function versionsAtTheEnd(journal: readonly JournalRow[]): readonly string[] {
  const last = new Map(journal.map(({ version, state }) => [version, state]));
  return [...last].flatMap(([version, state]) => (state === "applied" ? [version] : [])).sort();
}
