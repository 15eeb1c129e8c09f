// Decides what a rollback will take back, and refuses the whole of it before anything runs. Pure.
import type { Problem } from "../failure/problem.ts";
import { fullName } from "../migration/manifest.ts";
import { compareVersions } from "../migration/version.ts";
import type { EntryState, Journal, JournalEntry } from "./journal.ts";
import type { Plan } from "./plan.ts";
import type { Step } from "./step.ts";
import type { StoredDown } from "./stored-down.ts";

/** The entries that a rollback is about, the newest first. */
export type Selection = { readonly entries: readonly JournalEntry[] } | { readonly problems: readonly Problem[] };

/** What is asked for: the newest so many batches, or, when an earlier invocation has begun, the batches it named. */
export type Extent = { readonly steps: number } | { readonly batches: readonly number[] };

/**
 * The newest batches of which something is still applied. More of them than there are is refused, with the list: who
 * asks for more has another journal in mind; so has a continuation whose batches lie below others. Nothing at all to take
 * back is no problem.
 */
export function selectBatches(journal: Journal, extent: Extent): Selection {
  const inDatabase = journal.entries.filter(({ state }) => state !== "rolled_back");
  const batches = [...new Set(inDatabase.map(({ batch }) => batch))].sort((a, b) => b - a);
  if ("steps" in extent && batches.length > 0 && extent.steps > batches.length) {
    return { problems: [notEnough(extent.steps, batches, inDatabase)] };
  }
  const left = "steps" in extent ? [] : batches.filter((batch) => extent.batches.includes(batch));
  if (left.some((batch, index) => batch !== batches[index])) return { problems: [STALE] };
  const wanted = "steps" in extent ? batches.slice(0, extent.steps) : left;
  const entries = inDatabase.filter(({ batch }) => wanted.includes(batch)).sort(byNewest);
  return { entries };
}

/**
 * Where the journal says that this very run has begun, what is left of it: an event that is delivered twice takes back
 * no more than it asks for.
 */
export function extentOf({ entries }: Journal, steps: number, runId: string): Extent {
  const isBegun = (entry: JournalEntry) =>
    entry.runId === runId && entry.state !== "applied" && entry.state !== "started";
  const begun = new Set(entries.filter(isBegun).map(({ batch }) => batch));
  if (begun.size === 0) return { steps };
  const standing = entries.filter(({ state, batch }) => state !== "rolled_back" && !begun.has(batch));
  const others = [...new Set(standing.map(({ batch }) => batch))].sort((a, b) => b - a);
  return { batches: [...begun, ...others.slice(0, Math.max(0, steps - begun.size))] };
}

/** Whether an earlier rollback has begun with one of these batches: the same command again then finds less than it did. */
export function isPartlyTakenBack(journal: Journal, selected: readonly JournalEntry[]): boolean {
  const batches = new Set(selected.map(({ batch }) => batch));
  return journal.entries.some(({ state, batch }) => batches.has(batch) && UNDONE.includes(state));
}

const UNDONE: readonly EntryState[] = ["rolling_back", "rolled_back"];

/**
 * Every step of the rollback, or everything that stands against it. `downs` holds, by id of entry, what the journal
 * stored when the migration was applied; the build's own files are not asked, because they may be of another version.
 */
export function planRollback(entries: readonly JournalEntry[], downs: ReadonlyMap<string, StoredDown>): Plan {
  const problems: Problem[] = [];
  const steps: Step[] = [];
  for (const entry of entries) {
    const down = downs.get(entry.id);
    const objection = entry.state === "started" ? unfinished(entry) : withoutWayBack(entry, down);
    if (objection !== null) problems.push(objection);
    else if (down?.script) {
      const { version, name } = entry;
      const resumes = entry.state === "rolling_back" ? entry : null;
      steps.push({ direction: "down", version, name, script: down.script, resumes, entry });
    }
  }
  return { steps, problems, warnings: [] };
}

// A run applies in order of version, and a resolved checksum gives an old migration a new entry: ids are no order here.
function byNewest(a: JournalEntry, b: JournalEntry): number {
  return b.batch - a.batch || compareVersions(b.version, a.version);
}

const STALE: Problem = {
  code: "INVALID_EVENT",
  field: "continuation",
  message: "is of batches that are not the newest any more",
  hint: "Another run has applied migrations since. Ask for the rollback anew, without the continuation.",
};

function unfinished(entry: JournalEntry): Problem {
  return {
    code: "MIGRATION_UNFINISHED",
    version: entry.version,
    message: `${fullName(entry)} was started and has not finished`,
    hint: `hj migrations run goes on with it; or say what is true with hj migrations resolve ${entry.version} --as applied, or --as rolled_back.`,
  };
}

function withoutWayBack(entry: JournalEntry, down: StoredDown | undefined): Problem | null {
  if (down !== undefined && down.irreversible !== null) {
    return {
      code: "IRREVERSIBLE",
      version: entry.version,
      message: `${fullName(entry)} cannot be rolled back: ${down.irreversible}`,
      hint: "Roll the code back and leave the schema, or write a new migration.",
    };
  }
  if (down !== undefined && down.script !== null) return null;
  return {
    code: "DOWN_MISSING",
    version: entry.version,
    message: `${fullName(entry)} was applied without a down script`,
    hint: "Roll the code back and leave the schema, or write a new migration that undoes it.",
  };
}

function notEnough(steps: number, batches: readonly number[], entries: readonly JournalEntry[]): Problem {
  const list = batches.map((batch) => {
    const names = entries.filter((entry) => entry.batch === batch).map(fullName);
    return `batch ${batch}: ${names.join(", ")}`;
  });
  const count = batches.length === 1 ? "one batch" : `${batches.length} batches`;
  return {
    code: "NOT_ENOUGH_BATCHES",
    field: "steps",
    message: `asks for ${steps} batches, and there ${batches.length === 1 ? "is" : "are"} ${count} to roll back`,
    hint: `Applied are ${list.join("; ")}.`,
  };
}
