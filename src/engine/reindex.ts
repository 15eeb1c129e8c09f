// REINDEX CONCURRENTLY. An interrupted one leaves the index it was building, or the one it was replacing, invalid:
// https://www.postgresql.org/docs/current/sql-reindex.html#SQL-REINDEX-CONCURRENTLY
import type { Failure } from "../failure/failure.ts";
import type { ReindexScope } from "../migration/manifest.ts";
import type { Budget } from "./budget.ts";
import { execute, type Position, RAN, type Ran, read } from "./execute-alone.ts";
import { failed, type StepOutcome } from "./explain-step.ts";
import {
  decodeNames,
  dropIndexStatement,
  invalidIndexesStatement,
  leavesStatement,
  reindexLeftoversStatement,
} from "./index-state.ts";
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
  const isBegun = position.wasBegun || before.found.length === 0;
  const parts = await partsOf(run, position, scope, budget);
  if ("kind" in parts) return parts;
  for (const sql of parts.found) {
    const outcome = await execute(run, position, budget, { isBegun, ...(sql !== null && { sql }) });
    if (outcome === null) continue;
    const left = isBegun ? await readLeftovers() : outcome;
    return "kind" in left ? outcome : removeLeftovers(run, position, left.found, outcome);
  }
  if (scope.of !== "index" && scope.of !== "table") return RAN;
  const after = await read(run, position, budget, invalidIndexesStatement(scope), decodeNames);
  if ("kind" in after) return after;
  return after.found.length === 0 ? RAN : failed(stillInvalid(position, after.found.map(qualified)), null, 1);
}

/**
 * The statement itself (null), or one for each partition: of a partitioned table PostgreSQL locks every partition against
 * writers first, and while it waits for one of them, all others queue behind it.
 */
async function partsOf(
  run: Run,
  position: Position,
  scope: ReindexScope,
  budget: Budget,
): Promise<{ readonly found: readonly (string | null)[] } | StepOutcome> {
  if ((scope.of !== "index" && scope.of !== "table") || scope.hasOptions) return { found: [null] };
  const leaves = await read(run, position, budget, leavesStatement(scope.name), decodeNames);
  if ("kind" in leaves || leaves.found.length === 0) return "kind" in leaves ? leaves : { found: [null] };
  return { found: leaves.found.map((leaf) => `reindex ${scope.of} concurrently ${qualified(leaf)}`) };
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
