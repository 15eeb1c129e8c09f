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
  return finish(draft, steps.length > 0 ? "pending" : "up_to_date");
}

/** Every migration that the build or the database knows. */
export function list({ draft, inventory }: Work): Report {
  const { problems, warnings } = planRun(inventory);
  draft.migrations = inventory.map((item) => describe(item));
  draft.warnings.push(...warnings, ...problems);
  return finish(draft, "listed");
}
