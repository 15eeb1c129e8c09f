// `status` and `list`: what the journal says, told. They change nothing and refuse nothing.
import type { LockHolder } from "../../failure/failure.ts";
import { describeHolder } from "../describe-sight.ts";
import { hazardsOf } from "../foresight.ts";
import type { Item } from "../inventory.ts";
import { lockKey, readHolder } from "../lock.ts";
import { planRun } from "../plan.ts";
import { describe, finish } from "../report.ts";
import type { MigrationReport, Report } from "../report-schema.ts";
import { runInProgress } from "../run-in-progress.ts";
import { prepare, type Work } from "../work.ts";

/** Who holds the run lock, where that is worth a look: half done may mean that somebody is at it, or that nobody is. */
export async function holderAtWork(work: Work): Promise<LockHolder | null> {
  const { inventory, target } = work;
  if (inventory.every(({ standing }) => standing !== "started")) return null;
  const { session } = await prepare(work);
  return readHolder(session, lockKey(target.schema, target.journal));
}

/** What is not simply applied; what a run would refuse is a warning here, and so is a run that is at work. */
export function status({ draft, inventory }: Work, holder: LockHolder | null): Report {
  const { steps, problems, warnings } = planRun(inventory);
  draft.migrations = inventory.flatMap((item) =>
    item.standing === "applied" ? [] : [{ ...stand(item), ...hazardsOf(item.migration) }],
  );
  draft.warnings.push(...warnings, ...problems);
  // A rollback that stopped half way is no step of a run, and no schema that is up to date.
  const isUnfinished = inventory.some(({ standing }) => standing === "started");
  if (holder !== null) draft.warnings.push(runInProgress(describeHolder(holder)));
  return finish(draft, steps.length > 0 || isUnfinished ? "pending" : "up_to_date");
}

/** Every migration that the build or the database knows. */
export function list({ draft, inventory }: Work): Report {
  const { problems, warnings } = planRun(inventory);
  draft.migrations = inventory.map(stand);
  draft.warnings.push(...warnings, ...problems);
  return finish(draft, "listed");
}

/** Of what is half done, how much. */
function stand(item: Item): MigrationReport {
  return { ...describe(item), ...(item.standing === "started" && { statementsDone: item.entry.statementsDone }) };
}
