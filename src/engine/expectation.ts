// What a build expects of a schema, from where its migrations stand. Pure.
import type { Expectation } from "../schema/drift.ts";
import type { Inventory } from "./inventory.ts";

/** What each migration of the build makes of a schema, and whether it is in this one; null where that was not tried. */
export function expectationsOf(inventory: Inventory): readonly Expectation[] | null {
  const shipped = inventory.flatMap(({ version, standing, migration }) =>
    migration === null ? [] : [{ version, isApplied: standing === "applied", change: migration.change }],
  );
  const known = shipped.flatMap(({ change, ...rest }) => (change === null ? [] : [{ ...rest, change }]));
  return known.length === shipped.length ? known : null;
}

/** True for a database that a newer build has migrated: what differs may be its doing. */
export function isAhead(inventory: Inventory): boolean {
  return inventory.some(({ standing }) => standing === "unknown");
}
