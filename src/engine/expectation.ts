// What a build expects of a schema, from where its migrations stand. Pure.
import type { Expectation } from "../schema/drift.ts";
import type { Inventory, Item } from "./inventory.ts";
import { isContract, isUntouched } from "./phases.ts";

/**
 * What each migration of the build makes of a schema, and whether it is in this one; null where that was not tried. A
 * contract migration that waits is not expected at all: what it will take away is still rightly there. While one waits, the
 * others count as they are without it, but where those that are applied are the first ones in order of version and not in
 * the other order: then an expand one is still to come that an applied contract one has not met.
 */
export function expectationsOf(inventory: Inventory): readonly Expectation[] | null {
  const isWaiting = (item: Item) => item.standing === "pending" && isContract(item);
  const waits = inventory.some(isWaiting) && !isUntouched(inventory, null);
  const expandFirst = inExpandFirstOrder(inventory);
  const isExpandFirst = waits && (areFirst(expandFirst) || !areFirst(inventory));
  const expected = (isExpandFirst ? expandFirst : inventory).filter((item) => !waits || !isWaiting(item));
  const shipped = expected.flatMap(({ version, standing, migration }) => {
    if (migration === null) return [];
    const change = isExpandFirst ? (migration.changeExpandFirst ?? migration.change) : migration.change;
    return [{ version, isApplied: standing === "applied", change }];
  });
  const known = shipped.flatMap(({ change, ...rest }) => (change === null ? [] : [{ ...rest, change }]));
  return known.length === shipped.length ? known : null;
}

/** True for a database that a newer build has migrated: what differs may be its doing. */
export function isAhead(inventory: Inventory): boolean {
  return inventory.some(({ standing }) => standing === "unknown");
}

function inExpandFirstOrder(inventory: Inventory): Inventory {
  return [...inventory.filter((item) => !isContract(item)), ...inventory.filter(isContract)];
}

/** True where none of those that this build ships is applied behind one that is not. */
function areFirst(inventory: Inventory): boolean {
  const shipped = inventory.filter(({ migration }) => migration !== null);
  const open = shipped.findIndex(({ standing }) => standing !== "applied");
  return open === -1 || shipped.slice(open).every(({ standing }) => standing !== "applied");
}
