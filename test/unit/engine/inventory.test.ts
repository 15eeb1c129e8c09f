import { describe, expect, test } from "vitest";
import { findItem, schemaVersion, takeInventory } from "../../../src/engine/inventory.ts";
import { EMPTY_JOURNAL, type JournalEntry } from "../../../src/engine/journal.ts";
import { entryOf, manifestOf, migrationOf } from "../../support/manifest.ts";

const manifest = manifestOf({ "1_a.sql": "select 1;", "2_b.sql": "select 2;", "3_c.sql": "select 3;" });
const [a, b, c] = manifest.migrations.map((migration) => entryOf(migration)) as [
  JournalEntry,
  JournalEntry,
  JournalEntry,
];
const newer = entryOf(migrationOf("10_newer.sql", "select 10;"));

function inventoryOf(...entries: readonly JournalEntry[]) {
  return takeInventory(manifest, { entries, newestBatch: 1 });
}

function standings(...entries: readonly JournalEntry[]) {
  return inventoryOf(...entries).map(({ version, standing }) => `${version} ${standing}`);
}

describe("takeInventory", () => {
  test("takes everything for pending when the journal is empty", () => {
    expect(takeInventory(manifest, EMPTY_JOURNAL)).toEqual(
      manifest.migrations.map((migration) => ({
        version: migration.version,
        name: migration.name,
        standing: "pending",
        migration,
        entry: null,
      })),
    );
  });

  test("holds each migration against its entry, in whatever order the entries come", () => {
    expect(standings({ ...c, state: "started" }, a)).toEqual(["1 applied", "2 pending", "3 started"]);
  });

  test("takes a migration that was rolled back for pending, and keeps its entry", () => {
    const rolledBack: JournalEntry = { ...b, state: "rolled_back" };
    expect(standings(a, rolledBack)).toEqual(["1 applied", "2 pending", "3 pending"]);
    expect(inventoryOf(a, rolledBack)[1]?.entry).toBe(rolledBack);
  });

  test("lists what this build does not know, in order of version", () => {
    const older = entryOf(migrationOf("0_older.sql", "select 0;"));
    expect(standings(newer, a, older)).toEqual(["0 unknown", "1 applied", "2 pending", "3 pending", "10 unknown"]);
  });

  test("lets go of what was rolled back and is not shipped any more", () => {
    expect(standings(a, { ...newer, state: "rolled_back" })).toEqual(["1 applied", "2 pending", "3 pending"]);
  });

  test("knows a migration again whose version has got other zeros", () => {
    expect(standings({ ...a, version: "0001" })).toEqual(["1 applied", "2 pending", "3 pending"]);
  });
});

describe("schemaVersion", () => {
  test.each([
    ["null when nothing is applied", [], null],
    ["the newest that is applied, not the last that was", [b, a], "2"],
    ["one that this build does not know", [a, newer], "10"],
    ["none that is only started", [a, { ...b, state: "started" as const }], "1"],
    ["none that is unknown and only started", [a, { ...newer, state: "started" as const }], "1"],
    ["none that was rolled back", [a, { ...b, state: "rolled_back" as const }], "1"],
  ])("is %s", (_what, entries, version) => {
    expect(schemaVersion(inventoryOf(...entries))).toBe(version);
  });
});

test("findItem finds every migration of a long list, however its version is written, and none that is not there", () => {
  const migrations = Array.from({ length: 100 }, (_, index) => migrationOf(`${2 * index + 1}_a.sql`, "select 1;"));
  const inventory = takeInventory({ manifestVersion: 1, hash: "", migrations }, EMPTY_JOURNAL);
  for (const { version } of migrations) expect(findItem(inventory, `000${version}`)?.version).toBe(version);
  for (const version of ["0", "2", "100", "200"]) expect(findItem(inventory, version)).toBeUndefined();
});
