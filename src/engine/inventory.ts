// Where every migration stands: what this build ships, held against what the journal records. Pure.
import type { Manifest, Migration } from "../migration/manifest.ts";
import { compareVersions } from "../migration/version.ts";
import type { Journal, JournalEntry } from "./journal.ts";

/**
 * One migration and where it stands. `started`: a script that is not transactional, up or down, has not finished.
 * `unknown`: in the database, not in this build. A pending one has an entry when it was rolled back.
 */
export type Item = { readonly version: string; readonly name: string } & (
  | { readonly standing: "applied" | "started"; readonly migration: Migration; readonly entry: JournalEntry }
  | { readonly standing: "pending"; readonly migration: Migration; readonly entry: JournalEntry | null }
  | { readonly standing: "unknown"; readonly migration: null; readonly entry: JournalEntry }
);

/** Every migration that the build or the database knows, in order of version. */
export type Inventory = readonly Item[];

/**
 * Versions are compared as numbers: a file renamed from `1` to `0001` is still the one that was applied. A version that
 * was rolled back is pending again, or gone when this build does not ship it.
 */
export function takeInventory(manifest: Manifest, journal: Journal): Inventory {
  const items: Item[] = [];
  const entries = journal.entries.toSorted((a, b) => compareVersions(a.version, b.version));
  let at = 0;
  const passTo = (version: string | null) => {
    for (; at < entries.length; at++) {
      const entry = entries[at] as JournalEntry;
      if (version !== null && compareVersions(entry.version, version) >= 0) return;
      if (entry.state !== "rolled_back")
        items.push({ version: entry.version, name: entry.name, standing: "unknown", migration: null, entry });
    }
  };
  // A manifest is in order, too.
  for (const migration of manifest.migrations) {
    passTo(migration.version);
    const next = entries[at];
    const isIts = next !== undefined && compareVersions(next.version, migration.version) === 0;
    if (isIts) at++;
    items.push(itemOf(migration, isIts ? next : null));
  }
  passTo(null);
  return items;
}

function itemOf(migration: Migration, entry: JournalEntry | null): Item {
  const { version, name } = migration;
  if (entry === null || entry.state === "rolled_back") return { version, name, standing: "pending", migration, entry };
  return { version, name, standing: entry.state === "applied" ? "applied" : "started", migration, entry };
}

/** The newest version that is in the database, also one that this build does not know; null when there is none. */
export function schemaVersion(inventory: Inventory): string | null {
  return inventory.findLast(({ entry }) => entry?.state === "applied")?.version ?? null;
}

/** The item of a version, compared as versions are: `1` finds `0001`. By halves, for it is asked for each of thousands. */
export function findItem(inventory: Inventory, version: string): Item | undefined {
  let [low, high] = [0, inventory.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = inventory[middle] as Item;
    const order = compareVersions(item.version, version);
    if (order === 0) return item;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return undefined;
}
