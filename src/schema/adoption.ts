// Which migrations made a schema that has no journal: finds the version whose snapshot it is. Pure.
import type { SchemaChange } from "../migration/schema-change.ts";
import { type Drift, driftOf } from "./drift.ts";
import { inOrder, keyOf, objectsAfter, type Snapshot } from "./snapshot.ts";

/** One migration of the build, in order of version. */
export interface Candidate {
  readonly version: string;
  readonly change: SchemaChange;
  /** What it makes where contract migrations come last. */
  readonly changeExpandFirst: SchemaChange;
  readonly isContract: boolean;
}

/** How many of the first migrations are in the schema, and those behind them that leave no trace in one. */
export interface Match {
  readonly applied: number;
  /** Contract migrations among the first ones that are not: what they take away is there. */
  readonly waiting: readonly string[];
  readonly undecided: readonly string[];
}

/** What is nearest where none matches: as if the first `applied` migrations were there. */
export interface Nearest {
  readonly applied: number;
  readonly differences: readonly Drift[];
}

/**
 * A schema matches when it has all that the first migrations make, and nothing else that any of them makes or removes:
 * with half of the next one in it, the next run would fail. What no migration makes is nobody's concern.
 */
export function findMatch(candidates: readonly Candidate[], live: Snapshot): Match | Nearest {
  const sets = candidates.flatMap(({ change, changeExpandFirst }) => [...change.sets, ...changeExpandFirst.sets]);
  const known = new Set(sets.map(keyOf));
  const ours = live.filter((object) => known.has(keyOf(object)));
  let nearest: Nearest | null = null;
  for (let applied = candidates.length; applied >= 0; applied--) {
    const differences = differencesAt(candidates.slice(0, applied), ours);
    if (differences.length === 0) return withoutTraceless(candidates, applied);
    if (nearest === null || differences.length < nearest.differences.length) nearest = { applied, differences };
  }
  return findWaiting(candidates, ours) ?? nearest ?? { applied: 0, differences: [] };
}

/** The newest contract migrations may wait for years while expand ones are applied behind them. */
function findWaiting(candidates: readonly Candidate[], ours: Snapshot): Match | null {
  for (let applied = candidates.length; applied > 0; applied--) {
    const first = candidates.slice(0, applied);
    const expand = first.filter(({ isContract }) => !isContract);
    const contract = first.filter(({ isContract }) => isContract);
    for (let done = contract.length - 1; done >= 0; done--) {
      const there = [...expand, ...contract.slice(0, done)];
      const changes = there.map((candidate) => ({ ...candidate, change: candidate.changeExpandFirst }));
      if (differencesAt(changes, ours).length > 0) continue;
      return { ...withoutTraceless(candidates, applied), waiting: contract.slice(done).map(({ version }) => version) };
    }
  }
  return null;
}

/** A migration at the end that changes no object may have run or not: the schema cannot tell. */
function withoutTraceless(candidates: readonly Candidate[], applied: number): Match {
  let certain = applied;
  while (certain > 0 && isTraceless(candidates[certain - 1])) certain--;
  return { applied: certain, waiting: [], undecided: candidates.slice(certain, applied).map(({ version }) => version) };
}

function isTraceless(candidate: Candidate | undefined): boolean {
  return candidate !== undefined && candidate.change.sets.length === 0 && candidate.change.removes.length === 0;
}

/** `ours` is what of the live schema any migration makes. */
function differencesAt(applied: readonly Candidate[], ours: Snapshot): readonly Drift[] {
  const expectations = applied.map((candidate) => ({ ...candidate, isApplied: true }));
  const own = objectsAfter(applied.map(({ change }) => change));
  const others = inOrder(ours)
    .filter((object) => !own.has(keyOf(object)))
    .map(({ kind, of, name }): Drift => ({ kind: "unexpected", level: "error", object: { kind, of, name } }));
  return [...driftOf(expectations, ours, false).filter(({ level }) => level === "error"), ...others];
}
