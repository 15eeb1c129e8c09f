// What holds of the plan of a run for any build, any journal and any request.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { takeInventory } from "../../../src/engine/inventory.ts";
import { decodeJournal, type Journal, withEntries } from "../../../src/engine/journal.ts";
import { type Plan, planRun } from "../../../src/engine/plan.ts";
import { copiedEntries } from "../../support/copied.ts";
import {
  type Fate,
  type History,
  history,
  journalEntry,
  journalOfHistory,
  manifestOfHistory,
  order,
} from "../../support/histories.ts";

const RUNS = { numRuns: 2_000 };

function planOf(fates: History, allowOutOfOrder: readonly string[] = []): Plan {
  return planRun(takeInventory(manifestOfHistory(fates), journalOfHistory(fates)), allowOutOfOrder);
}

function versionsOf(items: readonly { readonly version?: string }[]): readonly (string | undefined)[] {
  return items.map(({ version }) => version);
}

function versionsWith(plan: Plan, code: string): readonly (string | undefined)[] {
  return versionsOf(plan.problems.filter((problem) => problem.code === code));
}

function isInDatabase({ recorded }: Fate): boolean {
  return recorded !== null && recorded !== "rolled_back";
}

function isPending(fate: Fate): boolean {
  return fate.shipped && !isInDatabase(fate);
}

function isOlder(fate: Fate, than: Fate | undefined): boolean {
  return than !== undefined && order(fate.version, than.version) < 0;
}

/** Pending, and older than the newest that is applied, whether this build ships that one or not. */
function lateIn(fates: History): History {
  const newest = fates.findLast(({ recorded }) => recorded === "applied");
  return fates.filter((fate) => isPending(fate) && isOlder(fate, newest));
}

/** The journal after every step was taken. */
function journalAfter(fates: History, { steps }: Plan): Journal {
  const applied = steps.map((step, index) =>
    journalEntry({ id: String(1_000 + index), version: step.version, state: "applied", batch: 2 }),
  );
  return withEntries(journalOfHistory(fates), applied);
}

describe("the plan of any run", () => {
  test("has as steps what is pending or started, each once, in order of version", () => {
    fc.assert(
      fc.property(history, (fates) => {
        const expected = fates.filter((fate) => isPending(fate) || (fate.shipped && fate.recorded === "started"));
        expect(versionsOf(planOf(fates).steps)).toEqual(versionsOf(expected));
      }),
      RUNS,
    );
  });

  test("goes on with the entry of what was started, and opens a new one for everything else", () => {
    fc.assert(
      fc.property(history, (fates) => {
        for (const { version, resumes } of planOf(fates).steps) {
          const started = fates.find((fate) => fate.version === version)?.recorded === "started";
          expect(resumes?.version ?? null).toBe(started ? version : null);
        }
      }),
      RUNS,
    );
  });

  test("refuses every edited migration that is, or may be, in the database, and no other", () => {
    fc.assert(
      fc.property(history, (fates) => {
        const edited = fates.filter((fate) => fate.shipped && isInDatabase(fate) && fate.edited);
        expect(versionsWith(planOf(fates), "CHECKSUM_CHANGED")).toEqual(versionsOf(edited));
      }),
      RUNS,
    );
  });

  test("refuses every migration that vanished from the middle, and only warns of those ahead", () => {
    fc.assert(
      fc.property(history, (fates) => {
        const newest = fates.findLast(({ shipped }) => shipped);
        const unknown = fates.filter((fate) => !fate.shipped && isInDatabase(fate));
        const plan = planOf(fates);
        expect(versionsWith(plan, "MIGRATION_MISSING")).toEqual(
          versionsOf(unknown.filter((fate) => isOlder(fate, newest))),
        );
        expect(versionsOf(plan.warnings)).toEqual(versionsOf(unknown.filter((fate) => !isOlder(fate, newest))));
      }),
      RUNS,
    );
  });

  test("refuses every rollback that was not finished, whether this build ships the migration or not", () => {
    fc.assert(
      fc.property(history, (fates) => {
        const half = fates.filter(({ recorded }) => recorded === "rolling_back");
        expect(versionsWith(planOf(fates), "ROLLBACK_UNFINISHED")).toEqual(versionsOf(half));
      }),
      RUNS,
    );
  });

  test("refuses every late migration that is not allowed by name, and every name that is of no late one", () => {
    const allowances = history.chain((fates) =>
      fc.tuple(fc.constant(fates), fc.uniqueArray(fc.constantFrom("nobody", ...versionsOf(fates)), { maxLength: 6 })),
    );
    fc.assert(
      fc.property(allowances, fc.boolean(), ([fates, chosen], byFullName) => {
        const late = versionsOf(lateIn(fates));
        const names = chosen.map((version) => `${version}${byFullName ? "_migration" : ""}`);
        const plan = planOf(fates, names);
        expect(versionsWith(plan, "OUT_OF_ORDER")).toEqual(late.filter((version) => !chosen.includes(version)));
        const invalid = plan.problems.filter(({ code }) => code === "INVALID_EVENT");
        expect(invalid).toHaveLength(chosen.filter((version) => !late.includes(version)).length);
      }),
      RUNS,
    );
  });

  test("has no other problems than these", () => {
    const known = ["CHECKSUM_CHANGED", "MIGRATION_MISSING", "OUT_OF_ORDER", "ROLLBACK_UNFINISHED"];
    fc.assert(
      fc.property(history, (fates) => {
        expect(planOf(fates).problems.filter(({ code }) => !known.includes(code))).toEqual([]);
      }),
      RUNS,
    );
  });

  test("leaves nothing to do once its steps are taken", () => {
    fc.assert(
      fc.property(history, (fates) => {
        const first = planOf(fates, versionsOf(lateIn(fates)) as string[]);
        const journal = journalAfter(fates, first);
        const second = planRun(takeInventory(manifestOfHistory(fates), journal));
        expect(second.steps).toEqual([]);
        // What was no problem before the steps is none after them: nothing was skipped or done out of turn.
        if (first.problems.length === 0) expect(second.problems).toEqual([]);
      }),
      RUNS,
    );
  });

  test("is the same wherever a run died between two steps", () => {
    fc.assert(
      fc.property(history, fc.nat(), (fates, seed) => {
        const plan = planOf(fates, versionsOf(lateIn(fates)) as string[]);
        fc.pre(plan.problems.length === 0 && plan.steps.length > 0);
        const taken = seed % plan.steps.length;
        const journal = journalAfter(fates, { ...plan, steps: plan.steps.slice(0, taken) });
        const next = planRun(takeInventory(manifestOfHistory(fates), journal));
        expect(versionsOf(next.steps)).toEqual(versionsOf(plan.steps.slice(taken)));
      }),
      RUNS,
    );
  });

  test("does not depend on the order in which the journal is read", () => {
    fc.assert(
      fc.property(history, (fates) => {
        const journal = journalOfHistory(fates);
        const turned = { ...journal, entries: journal.entries.toReversed() };
        expect(planRun(takeInventory(manifestOfHistory(fates), turned))).toEqual(planOf(fates));
      }),
      RUNS,
    );
  });
});

describe("a version that is written in another way", () => {
  const build = (version: string) => manifestOfHistory([{ version, shipped: true, recorded: null, edited: false }]);

  test.each([
    ["1", "0001"],
    ["0001", "1"],
    ["20240601_001", "020240601_001"],
    ["20240601", "20240601_000"],
  ])("is no second migration: %s in the journal, %s in the build", (recorded, shipped) => {
    const manifest = build(shipped);
    const checksum = manifest.migrations[0]?.checksum ?? "";
    const entries = [journalEntry({ id: "1", version: recorded, state: "applied", checksum })];
    expect(planRun(takeInventory(manifest, { entries, newestBatch: 1 }))).toEqual({
      steps: [],
      problems: [],
      warnings: [],
    });
  });

  // The journal keeps a version as its file was called then.
  test.each([
    ["1", "0001"],
    ["0001", "1"],
  ])("is what its newest entry says: rolled back as %s, then applied as %s", (before, now) => {
    const row = { name: "a", batch: "1", checksum: build(now).migrations[0]?.checksum ?? "" };
    const rows = [
      { ...row, id: "9", version: before, state: "rolled_back" },
      { ...row, id: "10", version: now, state: "applied" },
    ].toSorted((a, b) => (a.version < b.version ? -1 : 1));
    expect(planRun(takeInventory(build(now), decodeJournal(copiedEntries(rows)))).steps).toEqual([]);
  });
});
