// Expand and contract: which of the open migrations a run may apply now, and why the others wait. Pure.
import type { Problem } from "../failure/problem.ts";
import { fullName, phaseOf } from "../migration/manifest.ts";
import { findItem, type Inventory, type Item } from "./inventory.ts";

/** What a run can be asked to apply. */
export const PHASES = ["expand", "contract", "all"] as const;
export type Phase = (typeof PHASES)[number];

/** What a run is after, and which run it is. */
export interface Asked {
  readonly phase: Phase;
  /** Null for nobody's: a command that only reads. */
  readonly runId: string | null;
  /** The oldest batch that it writes to: what was applied in an earlier one was there before the run began. */
  readonly batch: number;
}

/** For commands that only read: the next `run`, as it is by default. */
export const NEXT_RUN: Asked = { phase: "expand", runId: null, batch: Number.POSITIVE_INFINITY };

/** What a run takes, in the order in which it does, and a warning for each migration that waits. */
export interface Division {
  readonly taken: Inventory;
  readonly waiting: readonly Problem[];
}

/**
 * Divides what is pending or was begun. A contract migration is taken only when it is asked for and the version that it
 * comes after was there before this run; one that was begun was allowed once, and goes on whatever is asked for. Nothing
 * uses an empty database, so nothing waits there, also not in the later invocations of a run that found it empty.
 */
export function divide(inventory: Inventory, asked: Asked): Division {
  const open = inventory.filter(isOpen);
  if (isUntouched(inventory, asked.runId)) return { taken: open, waiting: [] };
  const taken = open.filter((item) => reasonToWait(item, inventory, asked) === null);
  return {
    taken: [...taken.filter((item) => !isContract(item)), ...taken.filter(isContract)],
    waiting: open.flatMap((item) => {
      const message = reasonToWait(item, inventory, asked);
      return message === null ? [] : [{ code: "MIGRATION_WAITS", version: item.version, message }];
    }),
  };
}

/** Of the plan's warnings those migrations that wait. */
export function waitingItems(inventory: Inventory, warnings: readonly Problem[]): Inventory {
  const versions = new Set(warnings.flatMap(({ code, version }) => (code === "MIGRATION_WAITS" ? [version] : [])));
  return inventory.filter(({ version }) => versions.has(version));
}

/** What the build says of one that it ships, and the journal of any other. */
export function isContract({ migration, entry }: Item): boolean {
  return (migration === null ? entry.phase : phaseOf(migration)) === "contract";
}

/** True where no migration is, or may be, in the database but those of this very run. */
export function isUntouched(inventory: Inventory, runId: string | null): boolean {
  return inventory.every(({ entry }) => entry === null || entry.state === "rolled_back" || entry.runId === runId);
}

function isOpen({ standing, entry }: Item): boolean {
  return standing === "pending" || (standing === "started" && entry.state === "started");
}

/** Null for what is taken. With the command that applies it: a warning is all that most readers see. */
function reasonToWait(item: Item, inventory: Inventory, { phase, batch }: Asked): string | null {
  if (item.standing !== "pending") return null;
  const { contractAfter } = item.migration;
  const name = fullName(item);
  if (contractAfter === null)
    return phase === "contract"
      ? `${name} is pending, and only contract migrations were asked for: hj migrations run applies it`
      : null;
  const after = findItem(inventory, contractAfter);
  const isThere = after?.entry?.state === "applied";
  if (phase !== "expand" && isThere && after.entry.batch < batch) return null;
  const what = `${name} is a contract migration and waits`;
  const before = after === undefined ? contractAfter : fullName(after);
  if (phase === "expand") return `${what}: ${CONTRACT_RUN}`;
  return isThere || (phase === "all" && after !== undefined && isOpen(after))
    ? `${what}: ${before}, which it comes after, is of this very run. In a later one, ${CONTRACT_RUN}`
    : `${what} for ${before}, which is not applied: first hj migrations run, then, ${CONTRACT_RUN}`;
}

const CONTRACT_RUN = "when no old code is left, hj migrations run --phase contract";
