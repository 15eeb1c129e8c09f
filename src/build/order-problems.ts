// Whether the order of phases changes what migrations make of a schema. Pure.
import { describeDrift } from "../engine/describe-drift.ts";
import type { Problem } from "../failure/problem.ts";
import { fullName, type Manifest, phaseOf } from "../migration/manifest.ts";
import type { SchemaChange } from "../migration/schema-change.ts";
import { driftOf } from "../schema/drift.ts";
import { applyChanges } from "../schema/snapshot.ts";

/** The same migrations, all expand ones before all contract ones. */
export function expandFirst(manifest: Manifest): Manifest {
  const inPhase = (phase: "expand" | "contract") => manifest.migrations.filter((other) => phaseOf(other) === phase);
  return { ...manifest, migrations: [...inPhase("expand"), ...inPhase("contract")] };
}

/**
 * Both manifests have been rehearsed, the second one in its own order. An empty database gets the one schema, every other
 * one the other: null when they are the same.
 */
export function orderProblem(inOrder: Manifest, expandedFirst: Manifest): Problem | null {
  const expected = applyChanges(inOrder.migrations.map(changeOf));
  const found = applyChanges(expandedFirst.migrations.map(changeOf));
  // In one piece: which migration brings a thing is asked below, of all of them.
  const whole = { version: "", isApplied: true, change: { sets: expected, removes: [] } };
  const differences = driftOf([whole], found, false);
  if (differences.length === 0) return null;
  const [first, ...others] = inOrder.migrations.filter((migration) => phaseOf(migration) === "contract");
  const names = differences.slice(0, 5).map((drift) => {
    const texts =
      drift.expected === undefined ? "" : ` (${drift.expected || "nothing more"} / ${drift.found || "nothing more"})`;
    return `${describeDrift(drift)}${texts}`;
  });
  const told = [...names, ...(differences.length > 5 ? [`${differences.length - 5} more`] : [])].join("; ");
  const who = others.length === 0 && first !== undefined ? fullName(first) : "contract migrations";
  return {
    code: "INVALID_MIGRATION",
    ...(first !== undefined && { file: first.up.file, version: first.version }),
    message: `the schema depends on when ${who} ${others.length === 0 ? "is" : "are"} applied: all expand migrations first, then contract ones, make another than the order of versions: ${told}`,
    hint: ORDER_HINT,
  };
}

/** For a migration that fails in an order in which it can be met. */
export const ORDER_HINT =
  "A contract migration may be applied long after newer expand ones, and on an empty database in order of version: no other migration may touch what it takes away. Give it a version after those that do, or let them leave it alone.";

/** The manifest with what each migration makes in the other order, where that is not the same. */
export function withExpandFirst(manifest: Manifest, changes: ReadonlyMap<string, SchemaChange>): Manifest {
  const migrations = manifest.migrations.map((migration) => {
    const change = changes.get(migration.version);
    const isOther = change !== undefined && JSON.stringify(change) !== JSON.stringify(migration.change);
    return isOther ? { ...migration, changeExpandFirst: change } : migration;
  });
  return { ...manifest, migrations };
}

function changeOf({ change }: Manifest["migrations"][number]): SchemaChange {
  return change ?? { sets: [], removes: [] };
}
