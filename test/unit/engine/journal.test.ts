import { describe, expect, test } from "vitest";
import { decodeJournal, EMPTY_JOURNAL, type JournalEntry, withEntries } from "../../../src/engine/journal.ts";
import { copiedEntries } from "../../support/copied.ts";
import { entryOf, migrationOf } from "../../support/manifest.ts";

const RUN_ID = "3f2a91c0-8c5e-4b53-9d2a-6f0f1e2d3c4b";

const row = {
  id: "9007199254740993",
  version: "20240601_001",
  name: "add_passkey_support",
  state: "applied",
  phase: "contract",
  batch: "3",
  checksum: "abc",
  statements_done: "0",
  statement_begun: "0",
  run_id: RUN_ID,
  started_at: "2024-06-01 08:59:59.889999+00",
  finished_at: "2024-06-01 09:00:00.123999+00",
};

describe("decodeJournal", () => {
  test("reads text as the server sends it, and keeps an id that is no safe integer", () => {
    expect(decodeJournal(copiedEntries([row]))).toEqual({
      entries: [
        {
          id: "9007199254740993",
          version: "20240601_001",
          name: "add_passkey_support",
          state: "applied",
          phase: "contract",
          batch: 3,
          checksum: "abc",
          statementsDone: 0,
          statementBegun: 0,
          runId: RUN_ID,
          startedAt: "2024-06-01 08:59:59.889999+00",
          finishedAt: "2024-06-01 09:00:00.123999+00",
        },
      ],
      newestBatch: 3,
    });
  });

  test("reads an entry that has not finished", () => {
    const started = { ...row, state: "started", statements_done: "2", finished_at: null };
    expect(decodeJournal(copiedEntries([started])).entries[0]).toMatchObject({
      state: "started",
      statementsDone: 2,
      finishedAt: null,
    });
  });

  test("takes the last entry of each version, and the newest batch of all, in whatever order they come", () => {
    const older = { ...row, id: "8", version: "20240601_1", batch: "9" };
    const { entries, newestBatch } = decodeJournal(copiedEntries([row, older, { ...older, id: "7" }]));
    expect([entries.map(({ id }) => id), newestBatch]).toEqual([[row.id], 9]);
  });

  test("makes an empty journal of nothing", () => {
    expect(decodeJournal("")).toEqual(EMPTY_JOURNAL);
    expect(EMPTY_JOURNAL).toEqual({ entries: [], newestBatch: 0 });
  });
});

describe("withEntries", () => {
  const [a, b] = ["1_a.sql", "2_b.sql"].map((file) => entryOf(migrationOf(file, "select 1;"))) as [
    JournalEntry,
    JournalEntry,
  ];
  const journal = { entries: [a, b], newestBatch: 3 };

  test("lets a newer entry take the place of the one before it, and leaves the others alone", () => {
    const newer: JournalEntry = { ...a, id: "9", state: "rolled_back" };
    expect(withEntries(journal, [newer])).toEqual({ entries: [newer, b], newestBatch: 3 });
  });

  test("finds the one before it by its version, whatever zeros that has", () => {
    const newer: JournalEntry = { ...a, id: "9", version: "0001" };
    expect(withEntries(journal, [newer]).entries).toEqual([newer, b]);
  });

  test("knows the newest batch, whichever of them is of it", () => {
    const c = entryOf(migrationOf("3_c.sql", "select 3;"), { batch: 4 });
    expect(withEntries(journal, [c]).newestBatch).toBe(4);
    expect(withEntries(journal, [{ ...c, batch: 2 }]).newestBatch).toBe(3);
  });

  test("stays as it is when nothing was done", () => {
    expect(withEntries(journal, [])).toEqual(journal);
    expect(withEntries(EMPTY_JOURNAL, [])).toEqual(EMPTY_JOURNAL);
  });
});
