// What a rollback takes back: whole batches, newest first, all or nothing.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EntryState, Journal, JournalEntry } from "../../../src/engine/journal.ts";
import { extentOf, planRollback, selectBatches } from "../../../src/engine/plan-rollback.ts";
import type { StoredDown } from "../../../src/engine/stored-down.ts";
import { journalEntry } from "../../support/histories.ts";

const SCRIPT = {
  file: "1_a.down.sql",
  transactional: true,
  keepsSession: false,
  timeoutMs: null,
  sql: "",
  statements: [],
};
const REVERSIBLE: StoredDown = { irreversible: null, script: SCRIPT };
const WITHOUT_DOWN: StoredDown = { irreversible: null, script: null };
const IRREVERSIBLE: StoredDown = { irreversible: "the data is gone", script: null };

const state = fc.constantFrom<EntryState>("applied", "applied", "applied", "rolled_back", "started", "rolling_back");

/** Runs one after the other, each a batch; what they applied, in the order in which they did. */
const runs: fc.Arbitrary<readonly JournalEntry[]> = fc
  .tuple(
    fc.array(fc.tuple(fc.array(state, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 3 })), {
      maxLength: 6,
    }),
    // Ids of every length: as text, 10 would come before 9, and 2^53 is no end.
    fc.constantFrom(1n, 7n, 97n, 2n ** 53n - 3n),
  )
  .map(([batches, firstId]) => {
    let batch = 0;
    let id = firstId;
    return batches.flatMap(([states, gap]) => {
      batch += gap;
      return states.map((state) => {
        id += 1n;
        return journalEntry({ id: String(id), version: String(id), state, batch });
      });
    });
  });

/** The journal holds them in no order. */
function journalOf(entries: readonly JournalEntry[]): Journal {
  const shuffled = entries.toSorted((a, b) => (a.id.at(-1) ?? "").localeCompare(b.id.at(-1) ?? ""));
  return { entries: shuffled, newestBatch: Math.max(0, ...entries.map(({ batch }) => batch)) };
}

function isInDatabase({ state }: JournalEntry): boolean {
  return state !== "rolled_back";
}

function batchesOf(entries: readonly JournalEntry[]): readonly number[] {
  return [...new Set(entries.filter(isInDatabase).map(({ batch }) => batch))];
}

function selected(journal: Journal, extent: Parameters<typeof selectBatches>[1]): readonly JournalEntry[] {
  const selection = selectBatches(journal, extent);
  if ("problems" in selection) throw new Error(JSON.stringify(selection.problems));
  return selection.entries;
}

describe("selectBatches, of any journal", () => {
  test("takes the newest batches, whole, in reverse order of application", () => {
    fc.assert(
      fc.property(runs, fc.integer({ min: 1, max: 6 }), (entries, wanted) => {
        const batches = batchesOf(entries);
        const steps = Math.min(wanted, Math.max(1, batches.length));
        const newest = batches.slice(-steps);
        const expected = entries.filter((entry) => isInDatabase(entry) && newest.includes(entry.batch)).toReversed();
        expect(selected(journalOf(entries), { steps })).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  test("refuses more batches than there are, with the list of what is applied", () => {
    fc.assert(
      fc.property(runs, fc.integer({ min: 1, max: 1_000 }), (entries, more) => {
        const batches = batchesOf(entries);
        fc.pre(batches.length > 0);
        const selection = selectBatches(journalOf(entries), { steps: batches.length + more });
        expect(selection).toMatchObject({ problems: [{ code: "NOT_ENOUGH_BATCHES", field: "steps" }] });
        const hint = "problems" in selection ? selection.problems[0]?.hint : "";
        for (const { version, name } of entries.filter(isInDatabase)) expect(hint).toContain(`${version}_${name}`);
      }),
    );
  });

  test("takes exactly the batches that a continuation names, as far as they are still there and the newest", () => {
    fc.assert(
      fc.property(runs, fc.uniqueArray(fc.integer({ min: 1, max: 20 })), (entries, batches) => {
        const expected = entries.filter((entry) => isInDatabase(entry) && batches.includes(entry.batch)).toReversed();
        const oldest = Math.min(...expected.map(({ batch }) => batch));
        const between = entries.filter((entry) => isInDatabase(entry) && entry.batch > oldest);
        const isStale = between.some(({ batch }) => !batches.includes(batch));
        const selection = selectBatches(journalOf(entries), { batches });
        if (isStale) expect(selection).toMatchObject({ problems: [{ code: "INVALID_EVENT", field: "continuation" }] });
        else expect(selection).toEqual({ entries: expected });
      }),
    );
  });
});

describe("selectBatches", () => {
  test("finds nothing in an empty journal, whatever is asked for", () => {
    expect(selectBatches({ entries: [], newestBatch: 0 }, { steps: 1_000 })).toEqual({ entries: [] });
  });

  test("counts no batch of which everything is rolled back", () => {
    const first = journalEntry({ id: "1", version: "1", state: "applied", batch: 1 });
    const second = journalEntry({ id: "2", version: "2", state: "rolled_back", batch: 2 });
    expect(selected(journalOf([first, second]), { steps: 1 })).toEqual([first]);
  });

  test("keeps the order of application when a checksum was resolved, which gives an old migration a new entry", () => {
    const second = journalEntry({ id: "2", version: "2", state: "applied", batch: 1 });
    const third = journalEntry({ id: "3", version: "3", state: "applied", batch: 2 });
    const first = journalEntry({ id: "4", version: "1", state: "applied", batch: 1 });
    const entries = selected(journalOf([second, third, first]), { steps: 2 });
    expect(entries.map(({ version }) => version)).toEqual(["3", "2", "1"]);
  });
});

describe("extentOf, for an event that was delivered before", () => {
  const standing = [1, 2, 3].map((batch) =>
    journalEntry({ id: String(batch), version: String(batch), state: "applied", batch, runId: "run" }),
  );
  const takenBack = (batch: number, state: EntryState) =>
    journalEntry({ id: String(10 + batch), version: String(10 + batch), state, batch, runId: "ours" });

  test.each<[string, readonly JournalEntry[], number, Parameters<typeof selectBatches>[1]]>([
    ["asks for what it says where nothing is begun", standing, 2, { steps: 2 }],
    ["asks for nothing more when all of it is done", [...standing, takenBack(4, "rolled_back")], 1, { batches: [4] }],
    ["asks for the rest of a batch", [...standing, takenBack(3, "rolled_back")], 1, { batches: [3] }],
    ["goes on with one that is half done", [...standing, takenBack(4, "rolling_back")], 1, { batches: [4] }],
    ["asks for the batches that are missing", [...standing, takenBack(4, "rolled_back")], 3, { batches: [4, 3, 2] }],
  ])("%s", (_what, entries, steps, extent) => {
    expect(extentOf(journalOf(entries), steps, "ours")).toEqual(extent);
  });

  test("knows its own run, and not the one that applied", () => {
    expect(extentOf(journalOf(standing), 1, "run")).toEqual({ steps: 1 });
  });
});

const fates = fc.array(
  fc.tuple(
    state.filter((state) => state !== "rolled_back"),
    fc.constantFrom(REVERSIBLE, REVERSIBLE, WITHOUT_DOWN, IRREVERSIBLE),
  ),
  {
    maxLength: 8,
  },
);

describe("planRollback, of any entries", () => {
  test("has a step for each of them in their order, or a problem for each that has no way back", () => {
    fc.assert(
      fc.property(fates, (drawn) => {
        const entries = drawn.map(([state], index) =>
          journalEntry({ id: String(index), version: String(index), state }),
        );
        const downs = new Map(drawn.map(([, down], index) => [String(index), down]));
        const { steps, problems } = planRollback(entries, downs);
        const expected = drawn.map(([state, down]) => {
          if (state === "started") return "MIGRATION_UNFINISHED";
          return down === REVERSIBLE ? "step" : down === IRREVERSIBLE ? "IRREVERSIBLE" : "DOWN_MISSING";
        });
        const blocked = expected.flatMap((code, index) => (code === "step" ? [] : [{ code, version: String(index) }]));
        expect(problems.map(({ code, version }) => ({ code, version }))).toEqual(blocked);
        if (blocked.length > 0) return;
        expect(steps.map(({ direction, version }) => [direction, version])).toEqual(
          entries.map(({ version }) => ["down", version]),
        );
      }),
    );
  });

  test("goes on with what an earlier rollback left half done", () => {
    fc.assert(
      fc.property(fates, (drawn) => {
        const entries = drawn.map(([state], index) =>
          journalEntry({ id: String(index), version: String(index), state }),
        );
        const { steps } = planRollback(entries, new Map(entries.map(({ id }) => [id, REVERSIBLE])));
        for (const { resumes, version } of steps) {
          const half = entries.find((entry) => entry.version === version && entry.state === "rolling_back");
          expect(resumes).toBe(half ?? null);
        }
      }),
    );
  });
});

describe("planRollback", () => {
  test("runs the script that the journal stored for this very entry", () => {
    const [old, recent] = [
      journalEntry({ id: "1", version: "1", state: "applied" }),
      journalEntry({ id: "2", version: "2", state: "applied" }),
    ];
    const script = (file: string): StoredDown => ({ irreversible: null, script: { ...SCRIPT, file } });
    const downs = new Map([
      ["1", script("old")],
      ["2", script("recent")],
    ]);
    expect(planRollback([recent, old], downs).steps.map((step) => step.script.file)).toEqual(["recent", "old"]);
  });

  test("says the author's reason for what cannot be rolled back", () => {
    const entry = journalEntry({ id: "1", version: "1", state: "applied" });
    const [problem] = planRollback([entry], new Map([["1", IRREVERSIBLE]])).problems;
    expect(problem?.message).toBe("1_migration cannot be rolled back: the data is gone");
  });

  test("refuses an entry of which the journal gave nothing", () => {
    const entry = journalEntry({ id: "1", version: "1", state: "applied" });
    expect(planRollback([entry], new Map()).problems).toMatchObject([{ code: "DOWN_MISSING", version: "1" }]);
  });
});
