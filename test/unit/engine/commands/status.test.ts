import { describe, expect, test } from "vitest";
import { list, status } from "../../../../src/engine/commands/status.ts";
import { takeInventory } from "../../../../src/engine/inventory.ts";
import type { JournalEntry } from "../../../../src/engine/journal.ts";
import { newDraft } from "../../../../src/engine/report.ts";
import type { Report } from "../../../../src/engine/report-schema.ts";
import type { Work } from "../../../../src/engine/work.ts";
import { entryOf, manifestOf, migrationOf } from "../../../support/manifest.ts";

const manifest = manifestOf({ "1_a.sql": "select 1;", "2_b.sql": "vacuum b;", "3_c.sql": "select 3;" });
const [a, b, c] = manifest.migrations.map((migration) => entryOf(migration)) as [
  JournalEntry,
  JournalEntry,
  JournalEntry,
];
const unknown = entryOf(migrationOf("4_d.sql", "select 4;"));

/** What is served when the journal has these entries. Neither command looks at anything else. */
function workOn(...entries: readonly JournalEntry[]): Work {
  const inventory = takeInventory(manifest, { entries, newestBatch: 1 });
  const draft = newDraft({ command: "status", dryRun: false }, { runId: "run", invocationId: "invocation" });
  draft.before = inventory;
  return { draft, inventory } as Work;
}

function standings({ migrations }: Report): readonly string[] {
  return migrations.map(({ version, status }) => `${version} ${status}`);
}

describe("status", () => {
  test("tells what is not simply applied", () => {
    const report = status(workOn(a, { ...b, state: "started" }, unknown), null);
    expect(report).toMatchObject({ ok: true, outcome: "pending" });
    expect(standings(report)).toEqual(["2 started", "3 pending", "4 unknown"]);
  });

  test("says that all is up to date when nothing is pending, also in a database that is ahead", () => {
    expect(status(workOn(a, b, c), null)).toMatchObject({ outcome: "up_to_date", migrations: [], warnings: [] });
    expect(status(workOn(a, b, c, unknown), null)).toMatchObject({
      outcome: "up_to_date",
      warnings: [{ code: "DATABASE_AHEAD", version: "4" }],
    });
  });

  test("warns about what a run would refuse, and refuses nothing itself", () => {
    const report = status(workOn({ ...a, checksum: "another" }, c), null);
    expect(report).toMatchObject({ ok: true, outcome: "pending" });
    expect(report.warnings.map(({ code, version }) => `${code} ${version}`)).toEqual([
      "CHECKSUM_CHANGED 1",
      "OUT_OF_ORDER 2",
    ]);
  });

  test("does not call a database up to date in which a migration is half rolled back", () => {
    const report = status(workOn(a, { ...b, state: "rolling_back", finishedAt: null }, c), null);
    expect(standings(report)).toEqual(["2 started"]);
    expect(report.warnings).toMatchObject([{ code: "ROLLBACK_UNFINISHED", version: "2" }]);
    expect(report.outcome).not.toBe("up_to_date");
  });
});

describe("list", () => {
  test("tells where every migration stands that the build or the database knows, and warns alike", () => {
    const report = list(workOn(a, c, unknown));
    expect(report).toMatchObject({ ok: true, outcome: "listed" });
    expect(standings(report)).toEqual(["1 applied", "2 pending", "3 applied", "4 unknown"]);
    expect(report.warnings.map(({ code, version }) => `${code} ${version}`)).toEqual([
      "DATABASE_AHEAD 4",
      "OUT_OF_ORDER 2",
    ]);
  });
});
