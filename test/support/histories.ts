// Builds and journals as fast-check makes them up: every combination of what a build ships and what a database records.
// Judges nothing: what a plan has to make of a history is the tests' to say.
import fc from "fast-check";
import type { EntryState, Journal, JournalEntry } from "../../src/engine/journal.ts";
import type { Manifest, Migration } from "../../src/migration/manifest.ts";

/** One migration, and what became of it. */
export interface Fate {
  readonly version: string;
  readonly shipped: boolean;
  /** Null: the journal does not know it. */
  readonly recorded: EntryState | null;
  /** The file is another one than the journal's. */
  readonly edited: boolean;
}

/** What a build and a database know, oldest version first. */
export type History = readonly Fate[];

const digits = (length: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length }).map((parts) => parts.join(""));

/** Versions of every form: short, padded, timestamps, a date and three digits, more digits than a number holds. */
export const version: fc.Arbitrary<string> = fc.oneof(
  fc.nat({ max: 40 }).map(String),
  fc.nat({ max: 40 }).map((number) => String(number).padStart(4, "0")),
  digits(14),
  digits(20),
  // Never _000: as a version that is the date alone.
  fc
    .tuple(digits(8), fc.integer({ min: 1, max: 999 }))
    .map(([date, number]) => `${date}_${String(number).padStart(3, "0")}`),
);

/** Any history. Most fates are drawn from few versions, so that builds and journals overlap. */
export const history: fc.Arbitrary<History> = fc
  .uniqueArray(
    fc.record({
      version,
      shipped: fc.boolean(),
      recorded: fc.option(fc.constantFrom<EntryState>("applied", "applied", "started", "rolling_back", "rolled_back")),
      edited: fc.boolean(),
    }),
    { maxLength: 14, selector: ({ version }) => numbers(version).join("_") },
  )
  .map((fates) => fates.toSorted((a, b) => order(a.version, b.version)));

// A missing second part is zero.
function numbers(version: string): readonly [bigint, bigint] {
  const [first = "0", second = "0"] = version.split("_");
  return [BigInt(first), BigInt(second)];
}

/** Part by part, as numbers. */
export function order(left: string, right: string): number {
  const [a, b] = [numbers(left), numbers(right)];
  const part = a[0] === b[0] ? 1 : 0;
  return a[part] < b[part] ? -1 : a[part] > b[part] ? 1 : 0;
}

/** The build of a history. */
export function manifestOfHistory(history: History): Manifest {
  const migrations = history.filter(({ shipped }) => shipped).map(({ version }) => migrationOfVersion(version));
  return { manifestVersion: 1, hash: "", migrations };
}

/** The journal of a history; its entries come in no order. */
export function journalOfHistory(history: History): Journal {
  const entries = history.flatMap((fate, index) => {
    const { version, recorded, edited } = fate;
    const entry = { id: String(index + 1), version, checksum: edited ? "edited" : checksumOf(version) };
    return recorded === null ? [] : [journalEntry({ ...entry, state: recorded })];
  });
  return { entries: entries.reverse(), newestBatch: 1 };
}

/** An entry that says no more than it is told to. */
export function journalEntry(
  entry: Pick<JournalEntry, "id" | "version" | "state"> & Partial<JournalEntry>,
): JournalEntry {
  return {
    name: "migration",
    phase: "expand",
    batch: 1,
    checksum: checksumOf(entry.version),
    statementsDone: 0,
    statementBegun: 0,
    runId: "00000000-0000-4000-8000-000000000000",
    startedAt: null,
    finishedAt: null,
    ...entry,
  };
}

function migrationOfVersion(version: string): Migration {
  const file = `${version}_migration.up.sql`;
  const up = { file, transactional: true, keepsSession: true, timeoutMs: null, sql: "", statements: [] };
  return {
    version,
    name: "migration",
    checksum: checksumOf(version),
    up,
    down: null,
    irreversible: null,
    contractAfter: null,
    change: null,
    foreseen: null,
  };
}

function checksumOf(version: string): string {
  return `checksum of ${version}`;
}
