// What the journal says, decoded. Pure: the statements are in journal-statements.ts, sending them is the caller's.
import type { Row } from "./message.ts";

/** `started` is a script that is not transactional and has not finished; only such an entry outlives its run. */
export type EntryState = "started" | "applied" | "rolled_back";

/** The newest entry of one version. */
export interface JournalEntry {
  readonly id: string;
  readonly version: string;
  readonly name: string;
  readonly state: EntryState;
  readonly batch: number;
  readonly checksum: string;
  readonly transactional: boolean;
  /** How many statements of a script that is not transactional are recorded as done. */
  readonly statementsDone: number;
  /** ISO 8601, the database's clock; null while started. */
  readonly finishedAt: string | null;
  readonly durationMs: number | null;
}

/** The newest entry of every version, in no particular order, and the number of the newest batch. */
export interface Journal {
  readonly entries: readonly JournalEntry[];
  /** 0 when there is none. */
  readonly newestBatch: number;
}

export const EMPTY_JOURNAL: Journal = { entries: [], newestBatch: 0 };

/** Decodes the rows of readStatement. */
export function decodeJournal(rows: readonly Row[]): Journal {
  return { entries: rows.map(decodeEntry), newestBatch: Number(rows[0]?.["newest_batch"] ?? 0) };
}

function decodeEntry(row: Row): JournalEntry {
  return {
    id: row["id"] ?? "",
    version: row["version"] ?? "",
    name: row["name"] ?? "",
    state: (row["state"] ?? "") as EntryState,
    batch: Number(row["batch"]),
    checksum: row["checksum"] ?? "",
    transactional: row["transactional"] === "t",
    statementsDone: Number(row["statements_done"]),
    finishedAt: row["finished_at"] ?? null,
    durationMs: row["duration_ms"] == null ? null : Number(row["duration_ms"]),
  };
}
