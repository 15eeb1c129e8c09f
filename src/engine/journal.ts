// What the journal says, decoded. Pure: the statements are in journal-statements.ts, sending them is the caller's.
import { compareVersions } from "../migration/version.ts";
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

/** Decodes the rows of readStatement, in whatever order they come. */
export function decodeJournal(rows: readonly Row[]): Journal {
  // Ids are digits, too.
  const entries = rows.map(decodeEntry).sort((a, b) => compareVersions(a.id, b.id));
  const newestBatch = entries.reduce((newest, { batch }) => Math.max(newest, batch), 0);
  return { entries: lastOfEach(entries), newestBatch };
}

/** When an entry was finished and what that took; nulls while it is not. */
export function finishOf(row: Row): Pick<JournalEntry, "finishedAt" | "durationMs"> {
  const { started_at: started, finished_at: finished } = row;
  if (started == null || finished == null) return { finishedAt: null, durationMs: null };
  const finishedAt = `${finished.slice(0, 10)}T${finished.slice(11, 19)}.${fractionOf(finished).slice(0, 3)}Z`;
  return { finishedAt, durationMs: Math.round(microsecondsBetween(started, finished) / 1000) };
}

/** The journal after some of its entries were followed by newer ones. */
export function withEntries(journal: Journal, newer: readonly JournalEntry[]): Journal {
  const entries = lastOfEach([...journal.entries, ...newer]);
  return { entries, newestBatch: Math.max(journal.newestBatch, ...newer.map(({ batch }) => batch)) };
}

/** A file may have been renamed from 1 to 0001: one version, under two names. */
function lastOfEach(entries: readonly JournalEntry[]): readonly JournalEntry[] {
  const inOrder = entries.toSorted((a, b) => compareVersions(a.version, b.version));
  return inOrder.filter(({ version }, index) => {
    const next = inOrder[index + 1];
    return next === undefined || compareVersions(version, next.version) !== 0;
  });
}

function decodeEntry(row: Row): JournalEntry {
  const { finishedAt, durationMs } = finishOf(row);
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
    finishedAt,
    durationMs,
  };
}

// As a session of ours has instants printed, in UTC and ISO style: `2024-06-01 09:00:00.123456+00`, without zeros at the end
// (https://www.postgresql.org/docs/current/datatype-datetime.html#DATATYPE-DATETIME-OUTPUT).
function microsecondsBetween(started: string, finished: string): number {
  // Most of ten thousand took no minute, and a calendar costs as much as all else that is made of an entry.
  const isSameMinute = started.slice(0, MINUTE) === finished.slice(0, MINUTE);
  const minutesUs = isSameMinute ? 0 : (minuteOf(finished) - minuteOf(started)) * 1000;
  return minutesUs + secondsUsOf(finished) - secondsUsOf(started);
}

/** `2024-06-01 09:00` */
const MINUTE = 16;

function minuteOf(instant: string): number {
  return Date.parse(`${instant.slice(0, 10)}T${instant.slice(11, MINUTE)}Z`);
}

function secondsUsOf(instant: string): number {
  return Number(instant.slice(MINUTE + 1, 19)) * 1_000_000 + Number(fractionOf(instant));
}

function fractionOf(instant: string): string {
  const fraction = instant[19] === "." ? instant.slice(20, instant.indexOf("+", 20)) : "";
  return fraction.padEnd(6, "0");
}
