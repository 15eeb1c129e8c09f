// One thing that a plan has decided to do. Pure.
import type { Migration, Script } from "../migration/manifest.ts";
import type { JournalEntry } from "./journal.ts";

/** A migration and a direction. `resumes` is the entry of an earlier run that began this very step and did not finish. */
export type Step = {
  readonly version: string;
  readonly name: string;
  readonly script: Script;
  readonly resumes: JournalEntry | null;
} & (
  | { readonly direction: "up"; readonly migration: Migration }
  | { readonly direction: "down"; readonly entry: JournalEntry }
);

/** What was begun statement by statement goes on so, also when its directive, which no checksum covers, has gone. */
export function isTransactional({ script, resumes }: Step): boolean {
  return script.transactional && resumes === null;
}

/** True for a step whose file, as its build saw it, leaves the session as it was. At a stored down script no build looks. */
export function keepsSession(step: Step): step is Extract<Step, { direction: "up" }> {
  return step.direction === "up" && step.script.keepsSession;
}
