// Tries migrations on an empty database as their author would: up, down, and up again, with the locks that they really take.
import { type Failure, MigrationError } from "../failure/failure.ts";
import type { Manifest, Migration } from "../migration/manifest.ts";
import type { SchemaChange } from "../migration/schema-change.ts";
import { changeBetween, type Snapshot } from "../schema/snapshot.ts";
import { applyUnrecorded, freshUp, onScratch } from "./apply-unrecorded.ts";
import type { PreparedSession } from "./prepare-session.ts";
import { readSchema } from "./read-schema.ts";
import type { Target } from "./target.ts";
import { type Traced, traceScript } from "./trace.ts";

/** What became of one migration. */
export interface Trial {
  readonly migration: Migration;
  /** How long the up took on empty tables, at least 1; null where it failed. */
  readonly upMs: number | null;
  readonly traced: Traced;
  /** Null for one that cannot be taken back. */
  readonly reversal: Reversal | null;
  readonly failure: Failure | null;
}

/** What going down and up again leaves different from before; empty where all is as it was. */
export interface Reversal {
  readonly afterDown: readonly string[];
  readonly afterUpAgain: readonly string[];
}

/**
 * Applies all migrations and returns what became of those that `isTried`. Ends with the first one that fails, tried or
 * not: nothing behind it means anything.
 */
export function tryMigrations(
  { migrations }: Manifest,
  target: Target,
  isTried: (migration: Migration) => boolean,
): Promise<readonly Trial[]> {
  return onScratch(target, "check", async (session) => {
    const trials: Trial[] = [];
    for (const migration of migrations) {
      const trial = await tryMigration(session, target, migration, isTried(migration));
      if (trial === null) continue;
      trials.push(trial);
      if (trial.failure !== null) break;
    }
    return trials;
  });
}

async function tryMigration(
  session: PreparedSession,
  target: Target,
  migration: Migration,
  isTried: boolean,
): Promise<Trial | null> {
  const up = freshUp(migration);
  let trial: Trial = { migration, upMs: null, traced: NOTHING, reversal: null, failure: null };
  try {
    if (!isTried) {
      await applyUnrecorded(session, target, up);
      return null;
    }
    const before = await snapshot(session, target);
    const startedAt = performance.now();
    const traced = await traceScript(session, target, up);
    trial = { ...trial, traced, upMs: Math.max(1, Math.round(performance.now() - startedAt)) };
    return { ...trial, reversal: await tryReversal(session, target, migration, before) };
  } catch (error) {
    if (error instanceof MigrationError) return { ...trial, failure: error.failure };
    throw error;
  }
}

const NOTHING: Traced = { locks: [], isComplete: false };

async function tryReversal(
  session: PreparedSession,
  target: Target,
  migration: Migration,
  before: Snapshot,
): Promise<Reversal | null> {
  const { up, down } = migration;
  if (down === null) return null;
  const first = await snapshot(session, target);
  await applyUnrecorded(session, target, { migration, script: down, fails: "cannot be taken back", hint: DOWN_FAILS });
  const afterDown = changeBetween(before, await snapshot(session, target));
  await applyUnrecorded(session, target, { migration, script: up, fails: "fails after its down", hint: UP_FAILS });
  const afterUpAgain = changeBetween(first, await snapshot(session, target));
  return { afterDown: told(afterDown, before), afterUpAgain: told(afterUpAgain, first) };
}

const DOWN_FAILS = "Mend the down file, or remove it and say -- hj:irreversible REASON in the up file.";
const UP_FAILS = "The down leaves something behind that is in the way: let it take back all that the up brings.";

function snapshot(session: PreparedSession, target: Target): Promise<Snapshot> {
  return readSchema(session, target, Number.POSITIVE_INFINITY);
}

/** Such as `table invoice is still there`. */
function told({ sets, removes }: SchemaChange, before: Snapshot): readonly string[] {
  const had = new Set(before.map(nameOf));
  return [
    ...removes.map((object) => `${nameOf(object)} is gone`),
    ...sets.map((object) => `${nameOf(object)} is ${had.has(nameOf(object)) ? "different" : "still there"}`),
  ];
}

function nameOf({ kind, of, name }: SchemaChange["removes"][number]): string {
  return `${kind} ${of === "" || kind === "index" ? "" : `${of}.`}${name}`;
}
