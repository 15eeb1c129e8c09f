// What `hj migrations check` found, put together from what the rules foresaw and what a trial saw. Pure; this is also what
// --format json prints.

import { wayOut } from "../../engine/gate.ts";
import type { Trial } from "../../engine/trial.ts";
import type { Problem } from "../../failure/problem.ts";
import { strongest } from "../../hazards/locks-of.ts";
import { objectText } from "../../hazards/object-text.ts";
import { isNoticed, isStronger, type LockMode, type TableLock } from "../../migration/foreseen.ts";
import { fullName, type Migration } from "../../migration/manifest.ts";
import { LINE_END } from "../../migration/text-place.ts";

/** `ok` is false as soon as one finding is an error. */
export interface CheckResult {
  readonly ok: boolean;
  readonly directory: string;
  /** How many were checked, of how many. */
  readonly checked: number;
  readonly of: number;
  readonly findings: readonly CheckFinding[];
  readonly migrations: readonly CheckedMigration[];
}

/** One thing to look at, where it is, and what to do. */
export interface CheckFinding {
  readonly level: "error" | "warning";
  /** Null for what no rule found. */
  readonly rule: string | null;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  /** That line of the file. */
  readonly excerpt: string | null;
  readonly message: string;
  readonly hint: string | null;
}

/** What a migration takes and how long it took, on empty tables; null where it was not tried. */
export interface CheckedMigration {
  readonly migration: string;
  /** False where a finding of its files is an error. */
  readonly ok: boolean;
  /** `not_reached`: one before it failed, and nothing behind that means anything. */
  readonly trial: "passed" | "failed" | "not_reached" | "not_tried";
  readonly upMs: number | null;
  /** Null: there is no way back. */
  readonly isReversible: boolean | null;
  readonly locks: readonly CheckedLock[];
  /** Hazards that a waiver allows. */
  readonly allowed: readonly { readonly rule: string; readonly object: string; readonly reason: string }[];
}

/** What the rules foresaw of a table, and what PostgreSQL took; null where one of them saw nothing. */
export interface CheckedLock {
  readonly table: string;
  readonly foreseen: LockMode | null;
  readonly foreseenWork: TableLock["work"];
  readonly taken: LockMode | null;
  /** As foreseen, but for what a trial sees: whether the table was written anew. */
  readonly work: TableLock["work"];
}

/** `trials` is empty where nothing was tried; `problems` are of the directory or of its history. */
export function checkResult(
  directory: string,
  all: readonly Migration[],
  checked: readonly Migration[],
  trials: readonly Trial[],
  problems: readonly CheckFinding[],
): CheckResult {
  const findings = [
    ...problems,
    ...checked.flatMap(hazardFindings),
    ...trials.flatMap(trialFindings),
    ...trials.flatMap(surprises),
  ];
  return {
    ok: !findings.some(({ level }) => level === "error"),
    directory,
    checked: checked.length,
    of: all.length,
    findings,
    migrations: checked.map((migration) => described(migration, trials, findings)),
  };
}

/** A problem of a file that did not compile, or of a directory. */
export function findingOf(problem: Problem, sqlOf: (file: string) => string | null = () => null): CheckFinding {
  const { file = null, line = null, column = null, message, hint = null } = problem;
  const sql = file === null ? null : sqlOf(file);
  const excerpt = sql === null || line === null ? null : lineOf(sql, line);
  return { level: "error", rule: null, file, line, column, excerpt, message, hint };
}

function hazardFindings({ up, foreseen }: Migration): readonly CheckFinding[] {
  return (foreseen?.hazards ?? [])
    .filter(({ allowed }) => allowed === null)
    .map((hazard) => {
      const { rule, level, message, line, column } = hazard;
      return { level, rule, file: up.file, line, column, excerpt: lineOf(up.sql, line), message, hint: wayOut(hazard) };
    });
}

function trialFindings({ migration, failure, reversal }: Trial): readonly CheckFinding[] {
  const { up, down } = migration;
  const about = (file: string, message: string, hint: string): CheckFinding => {
    return { level: "error", rule: null, file, line: null, column: null, excerpt: null, message, hint };
  };
  if (failure !== null) {
    const { file = up.file, line = null, column = null } = failure.details as Place;
    const excerpt = line === null ? null : lineOf(file === up.file ? up.sql : (down?.sql ?? ""), line);
    const { message } = failure;
    const hint = MISSING_EXTENSION.test(message) ? EXTENSION_HINT : failure.hint;
    return [{ level: "error", rule: null, file, line, column, excerpt, message, hint }];
  }
  if (reversal === null || down === null) return [];
  const { afterDown, afterUpAgain } = reversal;
  return [
    ...(afterDown.length > 0
      ? [about(down.file, `does not take back all of ${up.file}: ${few(afterDown)}`, DOWN_HINT)]
      : []),
    ...(afterUpAgain.length > 0
      ? [about(up.file, `leaves something else after its down: ${few(afterUpAgain)}`, AGAIN_HINT)]
      : []),
  ];
}

/** The migration may be right: the server that it is tried on is not the author's. */
const MISSING_EXTENSION = /extension "[^"]+" is not available$/;
const EXTENSION_HINT =
  "It is tried on a PostgreSQL from npm, which has the extensions that come with PostgreSQL and no others: --no-database asks only the rules.";

interface Place {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number | null;
}

const DOWN_HINT = "Mend it, or remove the down and say -- hj:irreversible REASON in the up file.";
const AGAIN_HINT = "What a rollback and a new run make of a schema has to be what the first run made.";

/** PostgreSQL took or did more than the rules foresaw: code that no rule looks into, or a gap in the rules. */
function surprises({ migration, traced }: Trial): readonly CheckFinding[] {
  return locksOf(migration, traced.locks).flatMap((lock) => {
    const surprise = surpriseOf(lock);
    if (surprise === null) return [];
    const nowhere = { line: null, column: null, excerpt: null };
    return [{ level: "warning" as const, rule: null, file: migration.up.file, ...nowhere, ...surprise }];
  });
}

function surpriseOf({ table, foreseen, taken, work, foreseenWork }: CheckedLock) {
  if (work === "rewrite" && foreseenWork !== "rewrite") {
    const message = `writes ${table} anew under ${taken}, and ${foreseen === null ? "nothing" : `only ${foreseen}`} was foreseen`;
    return { message, hint: REWRITE_HINT };
  }
  if (taken === null || (foreseen !== null && !isStronger(taken, foreseen))) return null;
  return { message: `takes ${taken} on ${table}, and ${foreseen ?? "nothing"} was foreseen`, hint: LOCK_HINT };
}

const LOCK_HINT = "No rule looks into code such as DO blocks, triggers and functions: see what it does to that table.";
const REWRITE_HINT =
  "Nobody can read or write the table until its last row is written. No rule looks into code such as DO blocks and functions, nor into what a domain demands of a new column.";

function described(
  migration: Migration,
  trials: readonly Trial[],
  findings: readonly CheckFinding[],
): CheckedMigration {
  const files = [migration.up.file, migration.down?.file];
  const hazards = migration.foreseen?.hazards ?? [];
  const trial = trials.find((other) => other.migration.version === migration.version);
  const unseen = trials.some(({ failure }) => failure !== null) ? "not_reached" : "not_tried";
  return {
    migration: fullName(migration),
    ok: !findings.some(({ level, file }) => level === "error" && files.includes(file ?? "")),
    trial: trial === undefined ? unseen : trial.failure === null ? "passed" : "failed",
    upMs: trial?.upMs ?? null,
    isReversible: trial?.reversal
      ? trial.reversal.afterDown.length === 0 && trial.reversal.afterUpAgain.length === 0
      : null,
    locks: locksOf(migration, trial?.traced.locks ?? []),
    allowed: hazards.flatMap(({ rule, object, allowed }) =>
      allowed === null ? [] : [{ rule, object, reason: allowed }],
    ),
  };
}

/** Those that somebody may have to wait for: one of each table, or statement by statement one of each mode. */
function locksOf({ up, foreseen }: Migration, taken: readonly TableLock[]): readonly CheckedLock[] {
  const all = (foreseen?.locks ?? []).flat();
  const modes = up.transactional ? [all] : [...Map.groupBy(all, ({ mode }) => mode).values()];
  const locks = modes
    .flatMap(strongest)
    .filter(isNoticed)
    .map(({ table, mode, work }): CheckedLock => {
      return { table: objectText(table), foreseen: mode, foreseenWork: work, taken: null, work };
    });
  const isForeseen = ({ table, mode }: TableLock) =>
    locks.some((lock) => lock.table === objectText(table) && lock.foreseen === mode);
  for (const lock of [...taken.filter(isForeseen), ...taken.filter((other) => !isForeseen(other))]) {
    const table = objectText(lock.table);
    const isOpen = (other: CheckedLock) => other.table === table && other.taken === null;
    const exact = locks.findIndex((other) => isOpen(other) && other.foreseen === lock.mode);
    const at = exact >= 0 ? exact : locks.findIndex(isOpen);
    const { foreseen = null, foreseenWork = null } = locks[at] ?? {};
    const work = lock.work ?? (foreseenWork === "rewrite" ? null : foreseenWork);
    locks[at < 0 ? locks.length : at] = { table, foreseen, foreseenWork, taken: lock.mode, work };
  }
  return locks;
}

function lineOf(sql: string, line: number): string | null {
  return sql.replace(/^\uFEFF/, "").split(LINE_END)[line - 1] ?? null;
}

function few(words: readonly string[]): string {
  const more = words.length > 3 ? [`${words.length - 3} more`] : [];
  return [...words.slice(0, 3), ...more].join("; ");
}
