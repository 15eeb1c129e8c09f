// CREATE INDEX CONCURRENTLY. An interrupted build leaves an invalid index, which `if not exists` takes for a good one:
// https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
import type { Failure } from "../failure/failure.ts";
import type { IndexToBuild, ObjectName } from "../migration/manifest.ts";
import type { Budget } from "./budget.ts";
import { execute, type Position, RAN, type Ran, read } from "./execute-alone.ts";
import { failed, type StepOutcome } from "./explain-step.ts";
import { decodeIndexState, dropIndexStatement, type IndexState, indexStateStatement } from "./index-state.ts";
import { removeLeftovers } from "./leftover.ts";
import type { Run } from "./run-context.ts";

/** Only what this very statement left is removed or believed: an index that was there before it began is somebody else's. */
export async function buildIndex(
  run: Run,
  position: Position,
  { index, table, detach }: IndexToBuild,
  budget: Budget,
): Promise<StepOutcome | Ran> {
  const readState = () => read(run, position, budget, indexStateStatement(index, table), decodeIndexState);
  const before = await readState();
  if ("kind" in before) return before;
  if (position.wasBegun && before.found === "valid") return RAN;
  // A build that was left to the server has failed there. Built again by every invocation of this run, it might fail so
  // every time, and nobody would be told.
  if (position.wasBegun && before.found === "invalid" && detach && run.isContinuation)
    return removeLeftovers(run, position, [index], failed(endedBadly(position, index), null, 1));
  if (position.wasBegun && before.found === "invalid") {
    const removed = await execute(run, position, budget, { sql: dropIndexStatement(index), isBegun: true });
    if (removed !== null) return removed;
  }
  const isOurs = position.wasBegun || before.found === "absent";
  const outcome = await execute(run, position, budget, { isBegun: isOurs, detach: detach && isOurs });
  if (outcome !== null && (!isOurs || isLeft(outcome))) return outcome;
  const after = await readState();
  if ("kind" in after) return outcome ?? after;
  if (outcome !== null && after.found !== "valid")
    return removeLeftovers(run, position, after.found === "invalid" ? [index] : [], outcome);
  // Also where it was told to stop, and was told too late.
  return after.found === "valid" ? RAN : failed(indexInvalid(position, index, after.found), null, 1);
}

/** The connection has been given up. */
function isLeft(outcome: StepOutcome): boolean {
  return outcome.kind === "out_of_time" && outcome.warning !== null;
}

function endedBadly({ step }: Position, index: ObjectName): Failure {
  const { version, script } = step;
  return {
    code: "INDEX_INVALID",
    message: `the build of the index ${index.name}, which was left to the server, has failed there`,
    hint: "The server's log says why: duplicate keys, the time-out of the file, a cancel, a restart. Mend it and run hj migrations run again, which builds it anew.",
    details: { version, file: script.file, index: index.name },
  };
}

function indexInvalid({ step }: Position, index: ObjectName, state: IndexState): Failure {
  const { version, script } = step;
  return {
    code: "INDEX_INVALID",
    message: `the index ${index.name} is ${state === "other_table" ? "on another table" : state} after its build`,
    hint: `Look at it with \\d ${index.name}. When it is not needed as it is, drop it (drop index concurrently) and run again.`,
    details: { version, file: script.file, index: index.name },
  };
}
