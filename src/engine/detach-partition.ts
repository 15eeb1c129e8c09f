// ALTER TABLE ... DETACH PARTITION ... CONCURRENTLY. An interrupted one leaves the partition half detached:
// https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DETACH-PARTITION
import type { ObjectName } from "../migration/manifest.ts";
import type { Budget } from "./budget.ts";
import { execute, forget, type Position, RAN, type Ran, read } from "./execute-alone.ts";
import type { StepOutcome } from "./explain-step.ts";
import { withNote } from "./leftover.ts";
import type { Row } from "./message.ts";
import { literal, qualified } from "./quote.ts";
import type { Run } from "./run-context.ts";

/** How a partition stands to its table. */
type PartitionState = "attached" | "pending" | "detached";

/** A detach that this very statement left pending is finished; in a transaction, because others may queue behind it. */
export async function detachPartition(
  run: Run,
  position: Position,
  names: { readonly table: ObjectName; readonly partition: ObjectName },
  budget: Budget,
): Promise<StepOutcome | Ran> {
  const readState = () => read(run, position, budget, partitionStateStatement(names), decodePartitionState);
  const before = await readState();
  if ("kind" in before) return before;
  if (position.wasBegun && before.found === "detached") return RAN;
  if (position.wasBegun && before.found === "pending") return { kind: "ran", last: finalizeStatement(names) };
  // A detach that somebody else left pending is refused by PostgreSQL, which says so.
  const isOurs = before.found === "attached";
  const outcome = await execute(run, position, budget, { isBegun: isOurs });
  if (outcome === null) return RAN;
  if (outcome.kind === "done" || outcome.kind === "not_begun" || !isOurs) return outcome;
  const after = await readState();
  if ("kind" in after) return outcome;
  if (after.found === "attached") await forget(run, position);
  return after.found === "pending" ? withNote(outcome, pendingNote(names)) : outcome;
}

/** Names without a schema are found through search_path, as the statement itself finds them. */
function partitionStateStatement({ table, partition }: { table: ObjectName; partition: ObjectName }): string {
  return `select inhdetachpending from pg_inherits where inhparent = to_regclass(${literal(qualified(table))}) and inhrelid = to_regclass(${literal(qualified(partition))})`;
}

/** Decodes the answer to partitionStateStatement. */
function decodePartitionState(rows: readonly Row[] | undefined): PartitionState {
  const [row] = rows ?? [];
  if (row === undefined) return "detached";
  return row["inhdetachpending"] === "t" ? "pending" : "attached";
}

function finalizeStatement({ table, partition }: { table: ObjectName; partition: ObjectName }): string {
  return `alter table ${qualified(table)} detach partition ${qualified(partition)} finalize`;
}

function pendingNote({ partition }: { readonly partition: ObjectName }): string {
  return `the detach of ${partition.name} is pending: queries of its table do not see it any more, and the next run finishes it`;
}
