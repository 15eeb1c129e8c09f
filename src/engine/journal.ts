// What the journal says, decoded. Pure: the statements are in journal-statements.ts, sending them is the caller's.
import { compareVersions } from "../migration/version.ts";
import { type CopiedRow, copiedRows } from "./copied-text.ts";
import type { Timing } from "./timing.ts";

/**
 * `started` and `rolling_back` belong to scripts that are not transactional and have not finished; only such an entry
 * outlives its run.
 */
export type EntryState = "started" | "applied" | "rolling_back" | "rolled_back";

/** The newest entry of one version. */
export interface JournalEntry extends Timing {
  readonly id: string;
  readonly version: string;
  readonly name: string;
  readonly state: EntryState;
  /** What the migration was when the entry was written. */
  readonly phase: "expand" | "contract";
  readonly batch: number;
  readonly checksum: string;
  /** How many statements of a script that is not transactional are recorded as done. */
  readonly statementsDone: number;
  /** The number of the statement that was begun alone, outside a transaction; 0 when none was. */
  readonly statementBegun: number;
  readonly runId: string;
}

/** The newest entry of every version, in no particular order, and the number of the newest batch. */
export interface Journal {
  readonly entries: readonly JournalEntry[];
  /** 0 when there is none. */
  readonly newestBatch: number;
}

export const EMPTY_JOURNAL: Journal = { entries: [], newestBatch: 0 };

/** What is read of an entry, in the order in which decodeJournal takes it. */
export const ENTRY_COLUMNS = [
  "id",
  "version",
  "name",
  "state",
  "phase",
  "batch",
  "checksum",
  "statements_done",
  "statement_begun",
  "run_id",
  "started_at",
  "finished_at",
] as const;

/** Decodes what readStatement copied, in whatever order. */
export function decodeJournal(copied: string): Journal {
  // Ids are digits, too.
  const entries = copiedRows(copied)
    .map(decodeEntry)
    .sort((a, b) => byVersion(a, b) || compareVersions(a.id, b.id));
  const newestBatch = entries.reduce((newest, { batch }) => Math.max(newest, batch), 0);
  return { entries: lastOfEach(entries), newestBatch };
}

/** The journal after some of its entries were followed by newer ones. */
export function withEntries(journal: Journal, newer: readonly JournalEntry[]): Journal {
  const entries = lastOfEach([...journal.entries, ...newer].sort(byVersion));
  return { entries, newestBatch: Math.max(journal.newestBatch, ...newer.map(({ batch }) => batch)) };
}

/** Of those in order of version. A file may have been renamed from 1 to 0001: one version, under two names. */
function lastOfEach(entries: readonly JournalEntry[]): readonly JournalEntry[] {
  return entries.filter((entry, index) => {
    const next = entries[index + 1];
    return next === undefined || byVersion(entry, next) !== 0;
  });
}

function byVersion(a: JournalEntry, b: JournalEntry): number {
  return compareVersions(a.version, b.version);
}

// By number: a pattern goes through an iterator, which makes a status of ten thousand an eighth slower.
function decodeEntry(row: CopiedRow): JournalEntry {
  return {
    id: row[0] ?? "",
    version: row[1] ?? "",
    name: row[2] ?? "",
    state: (row[3] ?? "") as EntryState,
    phase: row[4] === "contract" ? "contract" : "expand",
    batch: Number(row[5]),
    checksum: row[6] ?? "",
    statementsDone: Number(row[7]),
    statementBegun: Number(row[8]),
    runId: row[9] ?? "",
    startedAt: row[10] ?? null,
    finishedAt: row[11] ?? null,
  };
}
