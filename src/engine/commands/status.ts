// `status` and `list`: what the journal says, told. They change nothing and refuse nothing.
import { planRun } from "../plan.ts";
import { describe, finish } from "../report.ts";
import type { Report } from "../report-schema.ts";
import type { Work } from "../work.ts";

/** What is not simply applied; what a run would refuse is a warning here. */
export function status({ draft, inventory }: Work): Report {
  const { steps, problems, warnings } = planRun(inventory);
  draft.migrations = inventory.flatMap((item) => (item.standing === "applied" ? [] : [describe(item)]));
  draft.warnings.push(...warnings, ...problems);
  // A rollback that stopped half way is no step of a run, and no schema that is up to date.
  const isUnfinished = inventory.some(({ standing }) => standing === "started");
  return finish(draft, steps.length > 0 || isUnfinished ? "pending" : "up_to_date");
}

/** Every migration that the build or the database knows. */
export function list({ draft, inventory }: Work): Report {
  const { problems, warnings } = planRun(inventory);
  draft.migrations = inventory.map((item) => describe(item));
  draft.warnings.push(...warnings, ...problems);
  return finish(draft, "listed");
}
