// Which locks of a migration matter, in plain words, with the tables as they are now. Pure.
import { formatDuration } from "../../duration.ts";
import type { LiveTable, ReportedLock } from "../../engine/foresight-schema.ts";
import type { MigrationReport, Report } from "../../engine/report-schema.ts";
import { formatBytes, formatRows } from "./amounts.ts";

/** One sentence for each lock of held() that is worth one. None for tables that are not there. */
export function describeLocks(migration: MigrationReport, report: Report): readonly string[] {
  const told = new Set<string>();
  return held(migration).flatMap(([strongest, ofTable]) => {
    const { table } = strongest;
    const sight = sightOf(table, report);
    const works = WORKS.filter((work) => ofTable.some((lock) => lock.work === work));
    // A lock that every reader and writer has as well is worth a word only for what is done under it.
    if (sight === null || (rankOf(strongest) <= rankOf({ mode: "RowExclusiveLock" }) && works.length === 0)) return [];
    const present = told.has(table) ? [] : presentOn(sight.table);
    told.add(table);
    const parts = [`${wordsFor(strongest, table)}${amountsOf(works, sight.table)}`, ...present];
    const waits = works.includes("build") && strongest.mode === "ShareUpdateExclusiveLock";
    return [[...parts, ...(waits ? waitingFor(sight.oldestTransactionMs) : [])].join("; ")];
  });
}

/**
 * The strongest lock on each table, with all that is done while it may be held: a transaction keeps its locks to its end.
 * Statement by statement each lock goes with its own, and an index that is built concurrently is not built under the ALTER
 * TABLE before it.
 */
function held({
  statements = [],
  transactional,
}: MigrationReport): readonly (readonly [ReportedLock, ReportedLock[]])[] {
  const locks = statements.flatMap((statement) => statement.locks ?? []);
  const groups = Map.groupBy(locks, ({ table, mode }) => JSON.stringify([table, transactional === false ? mode : ""]));
  return [...groups.values()].map((group) => [group.reduce((a, b) => (rankOf(b) > rankOf(a) ? b : a)), group]);
}

/** `ACCESS EXCLUSIVE`, as SQL has it, for `AccessExclusiveLock`. */
export function sqlMode(mode: string): string {
  return mode
    .replace(/Lock$/, "")
    .replace(/(?<=[a-z])(?=[A-Z])/g, " ")
    .toUpperCase();
}

/** Strongest first: what is locked by it. https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES */
const EFFECTS: readonly (readonly [ReportedLock["mode"], (table: string) => string])[] = [
  ["AccessExclusiveLock", (table) => `locks ${table} against everything`],
  ["ExclusiveLock", (table) => `locks ${table} against all but reading`],
  ["ShareRowExclusiveLock", (table) => `locks ${table} against writing`],
  ["ShareLock", (table) => `locks ${table} against writing`],
  ["ShareUpdateExclusiveLock", (table) => `locks ${table} against schema changes and VACUUM only`],
  ["RowExclusiveLock", (table) => `writes to ${table}`],
  ["RowShareLock", (table) => `locks rows of ${table}`],
  ["AccessShareLock", (table) => `reads ${table}`],
];

/** A newer function's that is not known here is taken for the strongest. */
function rankOf({ mode }: Pick<ReportedLock, "mode">): number {
  const at = EFFECTS.findIndex(([known]) => known === mode);
  return EFFECTS.length - Math.max(0, at);
}

function wordsFor({ mode }: ReportedLock, table: string): string {
  const [, effect] = EFFECTS.find(([known]) => known === mode) ?? [];
  return `${effect?.(table) ?? `locks ${table}`} (${sqlMode(mode)})`;
}

interface Sight {
  /** Null where the figures could not be had. */
  readonly table: LiveTable | null;
  readonly oldestTransactionMs: number | null;
}

/** Null for a table that is not there. */
function sightOf(name: string, report: Report): Sight | null {
  const { tables = null, oldestTransactionMs = null } = report.outcome === "would_apply" ? report : {};
  const table = tables?.find((table) => table.name === name) ?? null;
  // What was left out of a long report is not to be taken for what is not there.
  const isThere = table !== null || tables === null || report.omitted !== undefined;
  return isThere ? { table, oldestTransactionMs } : null;
}

const WORKS = ["rewrite", "build", "scan"] as const satisfies ReportedLock["work"][];
const VERBS = { rewrite: "rewrites", build: "indexes", scan: "reads" } as const;

/** `, rewrites and reads 1.2 million rows, 340 MB`. */
function amountsOf(works: readonly (typeof WORKS)[number][], table: LiveTable | null): string {
  const verbs = works.length === 0 ? "" : `${inWords(works.map((work) => VERBS[work]))} `;
  const amounts = [
    ...(table === null || table.rows === null ? [] : [formatRows(table.rows)]),
    ...(table === null || table.bytes === null || table.bytes === 0 ? [] : [formatBytes(table.bytes)]),
  ];
  if (amounts.length > 0) return `, ${verbs}${amounts.join(", ")}`;
  return works.length === 0 ? "" : `, ${verbs}all of it`;
}

function inWords(verbs: readonly string[]): string {
  return new Intl.ListFormat("en", { type: "conjunction" }).format(verbs);
}

function presentOn(table: LiveTable | null): readonly string[] {
  if (table?.session == null) return [];
  const { session, oldestTransactionMs, longestQueryMs } = table;
  const who = [`pid ${session.pid}`, ...(session.application === null ? [] : [session.application])].join(", ");
  const since = oldestTransactionMs === null ? "" : ` for ${formatDuration(oldestTransactionMs)}`;
  return [
    `a transaction has been open on it${since} (${who})`,
    ...(longestQueryMs === null ? [] : [`a query has been running for ${formatDuration(longestQueryMs)}`]),
  ];
}

function waitingFor(oldestMs: number | null): readonly string[] {
  if (oldestMs === null) return [];
  return [
    `the oldest transaction of the database, which it may wait for, has been open for ${formatDuration(oldestMs)}`,
  ];
}
