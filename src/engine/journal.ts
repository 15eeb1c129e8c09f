// What the journal says, decoded. Pure: the statements are in journal-statements.ts, sending them is the caller's.
import { canonicalVersion } from "../migration/version.ts";
import type { Row } from "./message.ts";

/**
 * `started` and `rolling_back` belong to scripts that are not transactional and have not finished; only such an entry
 * outlives its run.
 */
export type EntryState = "started" | "applied" | "rolling_back" | "rolled_back";

/** The newest entry of one version. */
export interface JournalEntry {
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
  /** ISO 8601, the database's clock; null while it is not finished. */
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
  return { entries: newestOf(rows.map(decodeEntry)), newestBatch: Number(rows[0]?.["newest_batch"] ?? 0) };
}

/** The journal after some of its entries were followed by newer ones. */
export function withEntries(journal: Journal, newer: readonly JournalEntry[]): Journal {
  const versions = new Set(newer.map(({ version }) => canonicalVersion(version)));
  const entries = [...journal.entries.filter(({ version }) => !versions.has(canonicalVersion(version))), ...newer];
  return { entries, newestBatch: Math.max(journal.newestBatch, ...newer.map(({ batch }) => batch)) };
}

/** A file may have been renamed from 1 to 0001: one version, and the database groups by the text. */
function newestOf(entries: readonly JournalEntry[]): readonly JournalEntry[] {
  const newest = new Map<string, JournalEntry>();
  for (const entry of entries) {
    const key = canonicalVersion(entry.version);
    const other = newest.get(key);
    if (other === undefined || BigInt(other.id) < BigInt(entry.id)) newest.set(key, entry);
  }
  return [...newest.values()];
}

function decodeEntry(row: Row): JournalEntry {
  return {
    id: row["id"] ?? "",
    version: row["version"] ?? "",
    name: row["name"] ?? "",
    state: (row["state"] ?? "") as EntryState,
    phase: row["phase"] === "contract" ? "contract" : "expand",
    batch: Number(row["batch"]),
    checksum: row["checksum"] ?? "",
    statementsDone: Number(row["statements_done"]),
    statementBegun: Number(row["statement_begun"]),
    runId: row["run_id"] ?? "",
    finishedAt: row["finished_at"] ?? null,
    durationMs: row["duration_ms"] == null ? null : Number(row["duration_ms"]),
  };
}
