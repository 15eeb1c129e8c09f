// Where every migration stands: what this build ships, held against what the journal records. Pure.
import type { Manifest, Migration } from "../migration/manifest.ts";
import { canonicalVersion, compareVersions } from "../migration/version.ts";
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
  const entries = new Map(journal.entries.map((entry) => [canonicalVersion(entry.version), entry]));
  let found = 0;
  const shipped = manifest.migrations.map((migration): Item => {
    const entry = entries.get(canonicalVersion(migration.version)) ?? null;
    if (entry !== null) found++;
    const { version, name } = migration;
    if (entry === null || entry.state === "rolled_back")
      return { version, name, standing: "pending", migration, entry };
    const standing = entry.state === "applied" ? "applied" : "started";
    return { version, name, standing, migration, entry };
  });
  // A manifest is in order.
  if (found === entries.size) return shipped;
  const versions = new Set(manifest.migrations.map(({ version }) => canonicalVersion(version)));
  const unknown = [...entries]
    .filter(([version, { state }]) => !versions.has(version) && state !== "rolled_back")
    .map(
      ([, entry]): Item => ({ version: entry.version, name: entry.name, standing: "unknown", migration: null, entry }),
    );
  return [...shipped, ...unknown].sort((a, b) => compareVersions(a.version, b.version));
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
