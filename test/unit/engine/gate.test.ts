import { describe, expect, test } from "vitest";
import { foresee } from "../../../src/build/foresee.ts";
import { takeInventory } from "../../../src/engine/inventory.ts";
import type { JournalEntry } from "../../../src/engine/journal.ts";
import { planRun } from "../../../src/engine/plan.ts";
import type { Manifest } from "../../../src/migration/manifest.ts";
import { entryOf, manifestOf } from "../../support/manifest.ts";

const ACCOUNT = "create table account (id bigint primary key, name text);";
const DROP = "alter table account drop column name;";

/** As a strict build makes it. */
function built(second: string): Manifest {
  return foresee(manifestOf({ "1_account.up.sql": ACCOUNT, "2_name.up.sql": second })).manifest;
}

function refusals(manifest: Manifest, ...entries: readonly JournalEntry[]) {
  return planRun(takeInventory(manifest, { entries, newestBatch: 1 })).problems.map(
    ({ code, version, line, message }) => {
      return [code, version, line, message];
    },
  );
}

describe("a hazard that nobody has allowed", () => {
  const manifest = built(DROP);
  const [account, name] = manifest.migrations.map((migration) => entryOf(migration)) as [JournalEntry, JournalEntry];

  test("keeps its pending migration from being applied", () => {
    expect(refusals(manifest, account)).toEqual([
      ["HAZARD", "2", 1, "account.name is dropped while the old version may still use it (drop-column)"],
    ]);
  });

  test("keeps nobody from an empty database, which has no users", () => {
    expect(refusals(manifest)).toEqual([]);
  });

  test("is past where its migration is applied, or was begun", () => {
    expect(refusals(manifest, account, name)).toEqual([]);
    expect(refusals(manifest, account, { ...name, state: "started", finishedAt: null })).toEqual([]);
  });

  test("is let pass with a waiver, and where the directory was not built strictly", () => {
    expect(refusals(built(`-- hj:allow drop-column account.name nobody reads it\n${DROP}`), account)).toEqual([]);
    const migrations = manifest.migrations.map((migration) => {
      const hazards = (migration.foreseen?.hazards ?? []).map((hazard) => ({ ...hazard, level: "warning" as const }));
      return { ...migration, foreseen: migration.foreseen && { ...migration.foreseen, hazards } };
    });
    expect(refusals({ ...manifest, migrations }, account)).toEqual([]);
  });
});
