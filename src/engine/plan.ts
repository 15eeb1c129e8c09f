// Decides what a run will do, without touching the database. Pure.
import type { Problem } from "../failure/problem.ts";
import { fullName } from "../migration/manifest.ts";
import { canonicalVersion, compareVersions } from "../migration/version.ts";
import { openHazards } from "./gate.ts";
import type { Inventory, Item } from "./inventory.ts";
import { type Asked, divide, isContract, isUntouched, NEXT_RUN } from "./phases.ts";
import type { Step } from "./step.ts";

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
 * that vanished from the middle, one that comes too late, a rollback that was not finished. A database ahead of this
 * build is none of these: code that is rolled back must find its way.
 *
 * A hazard that nobody has allowed is refused too, except on an empty database, of which nobody is a user.
 *
 * `allowOutOfOrder` names late ones, by version or full name, that may be applied all the same. Those that wait for
 * another phase are warnings.
 */
export function planRun(inventory: Inventory, allowOutOfOrder: readonly string[] = [], asked: Asked = NEXT_RUN): Plan {
  const { taken, waiting } = divide(inventory, asked);
  const steps = taken.flatMap((item) => stepUp(item, item.standing === "started" ? item.entry : null));
  const late = lateItems(inventory);
  const allowed = new Set(allowOutOfOrder);
  const allowedVersions = new Set(allowOutOfOrder.map(canonicalVersion));
  const isAllowed = (item: Item) => allowed.has(fullName(item)) || allowedVersions.has(canonicalVersion(item.version));
  const lateNames = new Set(late.map(({ item }) => fullName(item)));
  const lateVersions = new Set(late.map(({ item }) => canonicalVersion(item.version)));
  const isLate = (name: string) => lateNames.has(name) || lateVersions.has(canonicalVersion(name));
  const problems = [
    ...changed(inventory),
    ...missing(inventory),
    ...halfRolledBack(inventory),
    ...late.filter(({ item }) => taken.includes(item) && !isAllowed(item)).map(({ problem }) => problem),
    ...(isUntouched(inventory, asked.runId) ? [] : openHazards(taken)),
    ...allowOutOfOrder.filter((name) => !isLate(name)).map(allowedForNothing),
  ];
  return { steps, problems, warnings: [...ahead(inventory), ...waiting] };
}

/**
 * Whether a plan may look different once the run lock is ours: unfinished entries are also what a run that is still at
 * work has in the journal.
 */
export function isWorthWaiting({ problems }: Plan): boolean {
  return problems.length > 0 && problems.every(({ code }) => UNFINISHED.includes(code));
}

const UNFINISHED: readonly string[] = ["MIGRATION_UNFINISHED", "ROLLBACK_UNFINISHED"];

function stepUp(item: Item, resumes: Step["resumes"]): readonly Step[] {
  const { version, name, migration } = item;
  return migration === null ? [] : [{ direction: "up", version, name, migration, script: migration.up, resumes }];
}

function changed(inventory: Inventory): readonly Problem[] {
  return inventory.flatMap((item) => {
    if (item.standing !== "applied" && item.standing !== "started") return [];
    if (item.entry.checksum === item.migration.checksum) return [];
    const { version } = item;
    const resolve = `or, when the database already is as the file says now, hj migrations resolve ${version} --as checksum.`;
    return [
      {
        code: "CHECKSUM_CHANGED",
        version,
        file: item.migration.up.file,
        message: `${fullName(item)} was edited after it was ${item.standing}`,
        hint: `Put the file back as it was and make the change in a new migration, ${resolve}`,
      },
    ];
  });
}

function missing(inventory: Inventory): readonly Problem[] {
  return unknownItems(inventory, (order) => order < 0).map((item) => ({
    code: "MIGRATION_MISSING",
    version: item.version,
    message: `${fullName(item)} is ${item.entry?.state === "applied" ? "applied" : "started"}, and this build, which has newer ones, lacks it`,
    hint: `Put its files back: a migration that was applied stays part of every later build. When its effect is gone from the schema, hj migrations resolve ${item.version} --as rolled_back.`,
  }));
}

function ahead(inventory: Inventory): readonly Problem[] {
  return unknownItems(inventory, (order) => order > 0).map((item) => ({
    code: "DATABASE_AHEAD",
    version: item.version,
    message: `${fullName(item)} is in the database, and newer than all that this build has`,
  }));
}

function halfRolledBack(inventory: Inventory): readonly Problem[] {
  return inventory
    .filter(({ entry }) => entry?.state === "rolling_back")
    .map((item) => ({
      code: "ROLLBACK_UNFINISHED",
      version: item.version,
      message: `${fullName(item)} is half rolled back`,
      hint: `hj migrations rollback goes on with it; or say what is true with hj migrations resolve ${item.version} --as applied, or --as rolled_back.`,
    }));
}

function lateItems(inventory: Inventory): readonly { readonly item: Item; readonly problem: Problem }[] {
  // Contract migrations come when they may: they neither are late nor make others late.
  const inOrder = inventory.filter((item) => !isContract(item));
  const newest = inOrder.findLast(({ entry }) => entry?.state === "applied");
  if (newest === undefined) return [];
  // Nothing of this build comes so late: more often than not the journal is that of other migrations.
  const elsewhere =
    newest.standing === "unknown"
      ? " Migrations that have nothing to do with it need a journal of their own: --journal, HELLOJOHN_JOURNAL."
      : "";
  return inOrder
    .filter(({ standing, version }) => standing === "pending" && compareVersions(version, newest.version) < 0)
    .map((item) => ({
      item,
      problem: {
        code: "OUT_OF_ORDER",
        version: item.version,
        message: `${fullName(item)} is pending and older than ${fullName(newest)}, which is applied`,
        hint: `Give it a version newer than ${newest.version}, or allow it by name: --allow-out-of-order ${item.version}.${elsewhere}`,
      },
    }));
}

function allowedForNothing(name: string): Problem {
  const message = `names ${JSON.stringify(name)}, which is not out of order`;
  return { code: "INVALID_EVENT", field: "allowOutOfOrder", message, hint: "Remove it, or correct the name." };
}

/** Those that this build does not ship, on one side of its newest. */
function unknownItems(inventory: Inventory, side: (order: number) => boolean): Inventory {
  const newest = inventory.findLast(({ standing }) => standing !== "unknown")?.version;
  return inventory.filter(
    ({ standing, version }) =>
      standing === "unknown" && side(newest === undefined ? 1 : compareVersions(version, newest)),
  );
}
