// Where a live schema differs from what the migrations made of it, and why. Pure.
import type { SchemaChange, SchemaObject } from "../migration/schema-change.ts";
import { byKey, keyOf, objectsAfter, type Snapshot } from "./snapshot.ts";

/** One migration's change, and whether it is in the database. */
export interface Expectation {
  readonly version: string;
  readonly isApplied: boolean;
  readonly change: SchemaChange;
}

/** One difference. Only an `error` says that something is not as it should be. */
export interface Drift {
  readonly kind: "missing" | "invalid" | "different" | "unexpected";
  readonly level: "error" | "warning" | "information";
  readonly object: Pick<SchemaObject, "kind" | "of" | "name">;
  /** The migration that brings it; absent for what no migration brings. */
  readonly version?: string;
  /** `pending`: its migration is. `dropped`: somebody did. `unknown`: a newer build may have. For what is missing. */
  readonly because?: "pending" | "dropped" | "unknown";
  /** Definitions, for what is different. */
  readonly expected?: string;
  readonly found?: string;
}

/**
 * In the order in which objects are told: tables first, then by name. What belongs to a missing table is not listed
 * again. In a database that is ahead of this build, what differs may be a newer migration's doing, and what is
 * unexpected is its.
 */
export function driftOf(expectations: readonly Expectation[], live: Snapshot, isAhead: boolean): readonly Drift[] {
  const found = byKey(live);
  const applied = expectations.filter(({ isApplied }) => isApplied);
  const own = objectsAfter(applied.map(({ change }) => change));
  const newest = applied.length === expectations.length ? own : objectsAfter(expectations.map(({ change }) => change));
  const [liveTables, ownTables] = [relationsOf(found), relationsOf(own)];
  const drift: Drift[] = [];
  for (const [key, object] of own) {
    if (belongs(object, liveTables)) drift.push(...compare(object, found.get(key), isAhead));
  }
  for (const [key, object] of newest) {
    if (own.has(key) || found.has(key) || !belongs(object, ownTables)) continue;
    drift.push({ kind: "missing", level: "error", object: nameOf(object), because: "pending" });
  }
  for (const [key, object] of isAhead ? [] : found) {
    if (own.has(key) || newest.has(key) || !belongs(object, ownTables)) continue;
    drift.push({ kind: "unexpected", level: "information", object: nameOf(object) });
  }
  if (drift.length === 0) return drift;
  // The first migration that brings it counts, and is the last to be noted.
  const bringers = new Map(
    expectations
      .toReversed()
      .flatMap(({ version, change }) => change.sets.map((object) => [keyOf(object), version] as const)),
  );
  return drift.map((each) => withVersion(each, bringers)).sort(inTellingOrder);
}

function compare(expected: SchemaObject, found: SchemaObject | undefined, isAhead: boolean): readonly Drift[] {
  const object = nameOf(expected);
  const level = isAhead ? "warning" : "error";
  if (found === undefined) return [{ kind: "missing", level, object, because: isAhead ? "unknown" : "dropped" }];
  const invalid: Drift = { kind: "invalid", level: "error", object };
  const isInvalid = expected.isValid && !found.isValid;
  if (found.definition === expected.definition) return isInvalid ? [invalid] : [];
  const texts = { expected: expected.definition, found: found.definition };
  const isPrintedDifferently = printed(texts.expected) === printed(texts.found);
  const different: Drift = { kind: "different", level: isPrintedDifferently ? "warning" : level, object, ...texts };
  return isInvalid ? [invalid, different] : [different];
}

/**
 * PostgreSQL prints `in ('a', 'b')` on a varchar with its casts elsewhere once the definition has been through a dump and
 * a restore. Without casts and brackets both are the same.
 */
function printed(definition: string): string {
  return definition.replace(/::(?:character varying|"?[a-z_]+"?)(?:\(\d+\))?(?:\[\])?/g, "").replace(/[()\s]/g, "");
}

function withVersion(drift: Drift, bringers: ReadonlyMap<string, string>): Drift {
  if (drift.kind === "unexpected") return drift;
  const version = bringers.get(keyOf(drift.object));
  return version === undefined ? drift : { ...drift, version };
}

/** Its table is in the list that there is, or it needs none. */
function belongs({ of }: SchemaObject, tables: ReadonlySet<string>): boolean {
  return of === "" || tables.has(of);
}

function relationsOf(objects: ReadonlyMap<string, SchemaObject>): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { kind, name } of objects.values()) if (RELATIONS.has(kind)) names.add(name);
  return names;
}

const RELATIONS: ReadonlySet<string> = new Set(["table", "view", "materialized view", "foreign table"]);

function nameOf({ kind, of, name }: SchemaObject): Drift["object"] {
  return { kind, of, name };
}

const KINDS = ["missing", "invalid", "different", "unexpected"];

function inTellingOrder(a: Drift, b: Drift): number {
  return rankOf(a) - rankOf(b) || (keyOf(a.object) < keyOf(b.object) ? -1 : 1);
}

function rankOf({ kind, object }: Drift): number {
  return KINDS.indexOf(kind) * 2 + (RELATIONS.has(object.kind) ? 0 : 1);
}
