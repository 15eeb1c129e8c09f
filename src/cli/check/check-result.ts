// What `hj migrations check` found, put together from what the rules foresaw and what a trial saw. Pure; this is also what
// --format json prints.

import { wayOut } from "../../engine/gate.ts";
import type { Trial } from "../../engine/trial.ts";
import type { Problem } from "../../failure/problem.ts";
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
  readonly taken: LockMode | null;
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
    migrations: checked.map((migration) => {
      return described(migration, trials.find((trial) => trial.migration.version === migration.version) ?? null);
    }),
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
    const { file = up.file, line = null, column = null, statement = null } = failure.details as Place;
    return [
      {
        level: "error",
        rule: null,
        file,
        line,
        column,
        excerpt: statement,
        message: failure.message,
        hint: failure.hint,
      },
    ];
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

interface Place {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number | null;
  readonly statement?: string;
}

const DOWN_HINT = "Mend it, or remove the down and say -- hj:irreversible REASON in the up file.";
const AGAIN_HINT = "What a rollback and a new run make of a schema has to be what the first run made.";

/** PostgreSQL took more than the rules foresaw: code that no rule looks into, or a gap in the rules. */
function surprises({ migration, traced }: Trial): readonly CheckFinding[] {
  const locks = locksOf(migration, traced.locks);
  return locks
    .filter(({ foreseen, taken }) => taken !== null && (foreseen === null || isStronger(taken, foreseen)))
    .map(({ table, taken, foreseen }) => ({
      level: "warning" as const,
      rule: null,
      file: migration.up.file,
      line: null,
      column: null,
      excerpt: null,
      message: `takes ${taken} on ${table}, and ${foreseen ?? "nothing"} was foreseen`,
      hint: "No rule looks into code such as DO blocks, triggers and functions: see what it does to that table.",
    }));
}

function described(migration: Migration, trial: Trial | null): CheckedMigration {
  const hazards = migration.foreseen?.hazards ?? [];
  return {
    migration: fullName(migration),
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

/** Those that somebody may have to wait for, by table. */
function locksOf({ foreseen }: Migration, taken: readonly TableLock[]): readonly CheckedLock[] {
  const locks = new Map<string, CheckedLock>();
  for (const { table, mode, work } of (foreseen?.locks ?? []).flat().filter(isNoticed)) {
    const key = objectText(table);
    const other = locks.get(key)?.foreseen ?? null;
    const strongest = other !== null && isStronger(other, mode) ? other : mode;
    locks.set(key, { table: key, foreseen: strongest, taken: null, work: work ?? locks.get(key)?.work ?? null });
  }
  for (const { table, mode, work } of taken) {
    const key = objectText(table);
    const known = locks.get(key) ?? { table: key, foreseen: null, work: null };
    locks.set(key, { ...known, taken: mode, work: work ?? known.work });
  }
  return [...locks.values()];
}

function lineOf(sql: string, line: number): string | null {
  return sql.replace(/^\uFEFF/, "").split(LINE_END)[line - 1] ?? null;
}

function few(words: readonly string[]): string {
  const more = words.length > 3 ? [`${words.length - 3} more`] : [];
  return [...words.slice(0, 3), ...more].join("; ");
}
