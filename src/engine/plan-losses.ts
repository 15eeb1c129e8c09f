// Decides what a rollback would lose of what was found and counted, and whether it may. Pure; the words for it are in
// describe-losses.ts.
import type { Problem } from "../failure/problem.ts";
import { canonicalVersion } from "../migration/version.ts";
import { allowedForNothing, describeLoss, nameOf, unknownLoss, unseenLosses, withAll } from "./describe-losses.ts";
import type { FoundColumn, FoundTable } from "./loss-statements.ts";
import type { Origin, Sweep } from "./sweep.ts";

/** A table that is dropped or emptied, or a column that is dropped; it is there. */
export interface Doomed extends Origin {
  readonly verb: "drop" | "empty";
  readonly schema: string;
  readonly table: string;
  /** Null for the whole table. */
  readonly column: string | null;
  /** Of the table. */
  readonly oid: string;
  /** Rows of the table, of the server's statistics; 0 where there are none. */
  readonly estimate: number;
}

/** Why it was not counted; `isLocked` where another session, perhaps a run of ours, has the table to itself. */
export interface Uncounted {
  readonly uncounted: string;
  readonly isLocked: boolean;
}

/** What it holds: rows, or values; not counted beyond COUNTED_UP_TO + 1. */
export interface Loss extends Doomed {
  readonly held: { readonly count: number } | Uncounted;
}

/** What was read about a sweep; `foreignCalls` are the numbers of calls to functions that are not PostgreSQL's own. */
export interface Counted {
  readonly losses: readonly Loss[];
  readonly foreignCalls: readonly number[];
}

/** `lost` is what will be gone, allowed or not. */
export interface Judgement {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  readonly lost: readonly Loss[];
}

/**
 * In the order of the rollback, each thing once: a column not beside its table, a partition not beside the table that it
 * is a part of, because the rows of the one are counted with the other.
 */
export function chosen(
  sweep: Sweep,
  found: { readonly tables: readonly FoundTable[]; readonly columns: readonly FoundColumn[] },
): readonly Doomed[] {
  const isSpared = ({ number, name }: FoundTable) => sweep.tables[number]?.spared.includes(name) ?? false;
  const tables = found.tables.filter((table) => !isSpared(table));
  const oids = new Set(tables.map(({ oid }) => oid));
  const whole = new Map<string, Doomed>();
  for (const { number, oid, schema, name, estimate, ancestors } of tables) {
    const swept = sweep.tables[number];
    if (swept === undefined || ancestors.some((ancestor) => oids.has(ancestor))) continue;
    const { step, version, migration, verb } = swept;
    const known = whole.get(oid);
    // First emptied and then dropped is dropped.
    if (known !== undefined && (known.verb === "drop" || verb === "empty")) continue;
    whole.set(oid, { step, version, migration, verb, schema, table: name, column: null, oid, estimate });
  }
  const parts = new Map<string, Doomed>();
  for (const { number, oid } of found.columns) {
    const swept = sweep.columns[number];
    if (swept === undefined || oids.has(oid)) continue;
    const key = JSON.stringify([oid, swept.column]);
    if (!parts.has(key)) parts.set(key, { ...swept, verb: "drop", oid, estimate: 0 });
  }
  return [...whole.values(), ...parts.values()].sort((a, b) => a.step - b.step);
}

/**
 * `schema` is the target's. `isIdleFine` where a name of which nothing is lost is no slip: in a rollback that goes on it
 * may be gone by now.
 */
export function judgeLosses(
  sweep: Sweep,
  { losses, foreignCalls }: Counted,
  allowed: readonly string[],
  { schema, isIdleFine }: { readonly schema: string; readonly isIdleFine: boolean },
): Judgement {
  const lost = losses.filter(({ held }) => "uncounted" in held || held.count > 0);
  const names = lost.map((loss) => nameOf(loss, schema));
  const wanting = [
    ...sweep.unknown.filter((origin) => !allowed.some((name) => isNamed(origin, name))).map(unknownLoss),
    ...lost.filter((_loss, index) => !allowed.includes(names[index] ?? "")).map((loss) => describeLoss(loss, schema)),
  ];
  const all = [...sweep.unknown.map(({ migration }) => migration), ...names];
  const isIdle = (name: string) => !names.includes(name) && !sweep.unknown.some((origin) => isNamed(origin, name));
  const idle = isIdleFine ? [] : allowed.filter(isIdle);
  return {
    problems: [...withAll(wanting, all), ...idle.map(allowedForNothing)],
    warnings: unseenLosses(sweep, foreignCalls),
    lost,
  };
}

function isNamed({ version, migration }: Origin, name: string): boolean {
  return name === migration || canonicalVersion(name) === canonicalVersion(version);
}
