// REINDEX CONCURRENTLY. An interrupted one leaves the index it was building, or the one it was replacing, invalid:
// https://www.postgresql.org/docs/current/sql-reindex.html#SQL-REINDEX-CONCURRENTLY
import type { Failure } from "../failure/failure.ts";
import type { ReindexScope } from "../migration/manifest.ts";
import type { Budget } from "./budget.ts";
import { execute, type Position, RAN, type Ran, read } from "./execute-alone.ts";
import { failed, type StepOutcome } from "./explain-step.ts";
import { decodeNames, dropIndexStatement, invalidIndexesStatement, reindexLeftoversStatement } from "./index-state.ts";
import { removeLeftovers } from "./leftover.ts";
import { qualified } from "./quote.ts";
import type { Run } from "./run-context.ts";

/** Run twice it leaves what one run leaves. What somebody else's left before it began is not touched. */
export async function reindex(
  run: Run,
  position: Position,
  scope: ReindexScope,
  budget: Budget,
): Promise<StepOutcome | Ran> {
  const readLeftovers = () => read(run, position, budget, reindexLeftoversStatement(scope), decodeNames);
  const before = await readLeftovers();
  if ("kind" in before) return before;
  if (position.wasBegun) {
    for (const index of before.found) {
      const removed = await execute(run, position, budget, { sql: dropIndexStatement(index), isBegun: true });
      if (removed !== null) return removed;
    }
  }
  const isOurs = position.wasBegun || before.found.length === 0;
  const outcome = await execute(run, position, budget, { isBegun: isOurs });
  if (outcome !== null) {
    const left = isOurs ? await readLeftovers() : outcome;
    return "kind" in left ? outcome : removeLeftovers(run, position, left.found, outcome);
  }
  if (scope.of !== "index" && scope.of !== "table") return RAN;
  const after = await read(run, position, budget, invalidIndexesStatement(scope), decodeNames);
  if ("kind" in after) return after;
  return after.found.length === 0 ? RAN : failed(stillInvalid(position, after.found.map(qualified)), null, 1);
}

function stillInvalid({ step }: Position, names: readonly string[]): Failure {
  const { version, script } = step;
  return {
    code: "INDEX_INVALID",
    message: `after the REINDEX ${names.join(", ")} ${names.length === 1 ? "is" : "are"} invalid: it passes over what was invalid before`,
    hint: "Drop what is not needed (drop index concurrently), reindex the others by name, and run again.",
    details: { version, file: script.file, index: names[0] ?? "" },
  };
}
