// Removes what a failed index build of ours left behind, and says what it could not remove. Never hides why it failed.
import type { ObjectName } from "../migration/manifest.ts";
import type { StepOutcome } from "./explain-step.ts";
import { decodeIndexState, dropIndexStatement, indexStateStatement } from "./index-build.ts";
import { beginStatement } from "./journal-statements.ts";
import { send } from "./message.ts";
import type { Run } from "./run-context.ts";

/**
 * A part of what a run keeps back to answer. The drop waits for those who use the table, and who made the build fail may
 * be one of them.
 */
const CLEAN_UP_MS = 3_000;

/**
 * An invalid index is written to by every insert and read by nobody, so it is not left until somebody runs again. The
 * index must have been absent before the build began. Returns the outcome, with what became of the index in its message.
 */
export async function removeLeftover(
  run: Run,
  entryId: string,
  { index, table }: { readonly index: ObjectName; readonly table: ObjectName },
  outcome: StepOutcome,
): Promise<StepOutcome> {
  if (outcome.kind !== "failed") return outcome;
  const { connection } = run.session;
  const found = await send(connection, indexStateStatement(index, table));
  const state = found.error === null ? decodeIndexState(found.completed[0]) : "invalid";
  if (state !== "invalid") return outcome;
  await send(connection, `set statement_timeout = ${CLEAN_UP_MS}`);
  const dropped = await send(connection, dropIndexStatement(index));
  await send(connection, "reset statement_timeout");
  if (dropped.error !== null)
    return withNote(outcome, `the index ${index.name} is left behind, invalid, and the next run removes it`);
  // Nothing of it is there any more: what is found next time is somebody else's.
  await send(connection, beginStatement(run.target, entryId, 0));
  return withNote(outcome, `the invalid index that it left, ${index.name}, was removed`);
}

function withNote(outcome: Extract<StepOutcome, { kind: "failed" | "in_doubt" }>, note: string): StepOutcome {
  const { failure } = outcome;
  return { ...outcome, failure: { ...failure, message: `${failure.message}; ${note}` } };
}
