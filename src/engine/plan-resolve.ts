// Decides what an operator's word about a migration comes to. Pure.
import type { Problem } from "../failure/problem.ts";
import { fullName, type Migration } from "../migration/manifest.ts";
import { findItem, type Inventory } from "./inventory.ts";
import type { JournalEntry } from "./journal.ts";
import { finishedAtOf } from "./timing.ts";

/** What can be said of a migration: it is in the schema; it is not; its file is right as it is now. */
export type ResolveAs = "applied" | "rolled_back" | "checksum";

/** The entry it is about, null when there is none yet, and what follows it. */
export interface Resolution {
  readonly version: string;
  readonly name: string;
  readonly entry: JournalEntry | null;
  readonly to:
    | { readonly as: "applied"; readonly migration: Migration | null }
    | { readonly as: "rolled_back" }
    | { readonly as: "checksum"; readonly migration: Migration };
  /** What will be done, as a sentence. */
  readonly sentence: string;
}

/** The journal is believed no more than the operator: what would change nothing is refused, as is what cannot be. */
export function planResolve(inventory: Inventory, version: string, as: ResolveAs): Resolution | Problem {
  const item = findItem(inventory, version);
  if (item === undefined) return refuse(version, "is neither in this build nor in the database");
  const { entry, migration, name } = item;
  const state = entry?.state ?? "rolled_back";
  const full = fullName(item);
  const resolution = { version: item.version, name, entry };
  switch (as) {
    case "applied":
      if (state === "applied") return refuse(version, "is recorded as applied already");
      return {
        ...resolution,
        to: { as, migration },
        sentence: `Records ${full} as applied, without running it. It is ${describe(entry)} now.`,
      };
    case "rolled_back":
      if (state === "rolled_back") return refuse(version, "is not recorded as applied or started");
      return {
        ...resolution,
        to: { as },
        sentence: `Records ${full} as rolled back, without running its down. It is ${describe(entry)} now${migration === null ? "" : "; the next run applies it"}.`,
      };
    case "checksum":
      if (migration === null) return refuse(version, "is not in this build, which has no checksum to take");
      if (state === "rolled_back") return refuse(version, "is not recorded as applied or started");
      if (state === "started" && migration.up.transactional) {
        return refuse(
          version,
          "was begun statement by statement, and its file is one transaction now; say applied or rolled_back",
        );
      }
      if (entry?.checksum === migration.checksum) return refuse(version, "has this checksum already");
      return {
        ...resolution,
        to: { as, migration },
        sentence: `Takes the checksum and the down script of ${full} from this build. It is ${describe(entry)} now, and stays so.`,
      };
  }
}

function describe(entry: JournalEntry | null): string {
  switch (entry?.state) {
    case "applied":
      return `applied since ${finishedAtOf(entry) ?? "an unknown time"}`;
    case "started":
      return `started, ${entry.statementsDone} of its statements done`;
    case "rolling_back":
      return `half rolled back, ${entry.statementsDone} statements of its down done`;
    default:
      return "pending";
  }
}

function refuse(version: string, message: string): Problem {
  return { code: "NOTHING_TO_RESOLVE", field: "version", version, message: `${version} ${message}` };
}
