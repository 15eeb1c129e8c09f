// Removes the invalid indexes that a failed build of ours left behind, and says what it could not remove. Never hides why
// it failed.
import type { ObjectName } from "../migration/manifest.ts";
import { forget, type Position } from "./execute-alone.ts";
import type { StepOutcome } from "./explain-step.ts";
import { dropIndexStatement } from "./index-state.ts";
import { send } from "./message.ts";
import type { Run } from "./run-context.ts";

/**
 * A part of what a run keeps back to answer, also in a short invocation. A drop waits for those who use the table, and
 * who made the build fail may be one of them.
 */
const CLEAN_UP_MS = 3_000;
const CLEAN_UP_SHARE = 1 / 4;

/**
 * An invalid index is written to by every insert and read by nobody, so it is not left until somebody runs again.
 * `leftovers` must not have been there before the build began. Returns the outcome, with what became of them in its
 * message.
 */
export async function removeLeftovers(
  run: Run,
  position: Position,
  leftovers: readonly ObjectName[],
  outcome: StepOutcome,
): Promise<StepOutcome> {
  if (outcome.kind !== "failed") return outcome;
  const { connection } = run.session;
  const endsAt = performance.now() + Math.min(CLEAN_UP_MS, run.context.remainingMs() * CLEAN_UP_SHARE);
  let removed = 0;
  for (const index of leftovers) {
    const leftMs = Math.max(1, Math.round(endsAt - performance.now()));
    await send(connection, `set statement_timeout = ${leftMs}`);
    const { error } = await send(connection, dropIndexStatement(index));
    if (error !== null) break;
    removed += 1;
  }
  await send(connection, "set statement_timeout = 0");
  // Nothing of it is there any more: what is found next time is somebody else's.
  if (removed === leftovers.length) await forget(run, position);
  return [removedNote(leftovers.slice(0, removed)), leftNote(leftovers.slice(removed))].reduce(withNote, outcome);
}

/** Adds to the message of an outcome that has one; null adds nothing. */
export function withNote(outcome: StepOutcome, note: string | null): StepOutcome {
  if (note === null || (outcome.kind !== "failed" && outcome.kind !== "in_doubt")) return outcome;
  const { failure } = outcome;
  return { ...outcome, failure: { ...failure, message: `${failure.message}; ${note}` } };
}

function removedNote(indexes: readonly ObjectName[]): string | null {
  const names = indexes.map(({ name }) => name).join(", ");
  if (indexes.length < 2) return indexes.length === 0 ? null : `the invalid index that it left, ${names}, was removed`;
  return `the invalid indexes that it left, ${names}, were removed`;
}

function leftNote(indexes: readonly ObjectName[]): string | null {
  const names = indexes.map(({ name }) => name).join(", ");
  if (indexes.length < 2)
    return indexes.length === 0 ? null : `the index ${names} is left behind, invalid, and the next run removes it`;
  return `the indexes ${names} are left behind, invalid, and the next run removes them`;
}
