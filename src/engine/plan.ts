// Decides what a run will do, without touching the database. Pure.
import type { Problem } from "../failure/problem.ts";
import { fullName, type Migration } from "../migration/manifest.ts";
import { compareVersions } from "../migration/version.ts";
import type { Inventory } from "./inventory.ts";
import type { JournalEntry } from "./journal.ts";

/** One migration to apply. `resumes` is the entry of an earlier run that started it and did not finish. */
export interface Step {
  readonly migration: Migration;
  readonly resumes: JournalEntry | null;
}

/** Steps in order, and what stands against taking any of them. */
export interface Plan {
  readonly steps: readonly Step[];
  /** A run with problems is refused as a whole; commands that only read tell them as warnings. */
  readonly problems: readonly Problem[];
  /** Told, but no reason to refuse. */
  readonly warnings: readonly Problem[];
}

/**
 * Plans a run. Refuses, rather than repairs, a journal that this build does not explain: an edited migration, one
 * that vanished from the middle, one that comes too late. A database ahead of this build is none of these: code that
 * is rolled back must find its way.
 */
export function planRun(inventory: Inventory): Plan {
  const steps = inventory.flatMap((item): readonly Step[] => {
    if (item.standing === "pending") return [{ migration: item.migration, resumes: null }];
    return item.standing === "started" ? [{ migration: item.migration, resumes: item.entry }] : [];
  });
  return {
    steps,
    problems: [...changed(inventory), ...missing(inventory), ...late(inventory)],
    warnings: ahead(inventory),
  };
}

function changed(inventory: Inventory): readonly Problem[] {
  return inventory.flatMap((item) => {
    if (item.standing !== "applied" && item.standing !== "started") return [];
    if (item.entry.checksum === item.migration.checksum) return [];
    return [
      {
        code: "CHECKSUM_CHANGED",
        version: item.version,
        file: item.migration.up.file,
        message: `${fullName(item)} was edited after it was ${item.standing}`,
        hint: "Put the file back as it was, and make the change in a new migration.",
      },
    ];
  });
}

function missing(inventory: Inventory): readonly Problem[] {
  return unknownVersions(inventory, (order) => order < 0).map(({ version, name }) => ({
    code: "MIGRATION_MISSING",
    version,
    message: `${fullName({ version, name })} is applied, and this build, which has newer ones, lacks it`,
    hint: "Put its files back. A migration that was applied stays part of every later build.",
  }));
}

function ahead(inventory: Inventory): readonly Problem[] {
  return unknownVersions(inventory, (order) => order > 0).map(({ version, name }) => ({
    code: "DATABASE_AHEAD",
    version,
    message: `${fullName({ version, name })} is in the database and not in this build, which is older`,
  }));
}

function late(inventory: Inventory): readonly Problem[] {
  const newest = inventory.findLast(({ standing }) => standing === "applied");
  if (newest === undefined) return [];
  return inventory
    .filter(({ standing, version }) => standing === "pending" && compareVersions(version, newest.version) < 0)
    .map(({ version, name }) => ({
      code: "OUT_OF_ORDER",
      version,
      message: `${fullName({ version, name })} is pending and older than ${fullName(newest)}, which is applied`,
      hint: `Give it a version newer than ${newest.version}: it was written later, and what came between may not expect it.`,
    }));
}

/** Those that this build does not ship, on one side of its newest. */
function unknownVersions(inventory: Inventory, side: (order: number) => boolean): Inventory {
  const newest = inventory.findLast(({ standing }) => standing !== "unknown")?.version;
  return inventory.filter(
    ({ standing, version }) =>
      standing === "unknown" && side(newest === undefined ? 1 : compareVersions(version, newest)),
  );
}
