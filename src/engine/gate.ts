// Keeps migrations with a hazard that nobody has allowed from being applied. Which hazards are errors is the build's to say: in
// a directory of somebody else's they are warnings, unless it was built strictly. Pure.
import type { Problem } from "../failure/problem.ts";
import type { Hazard } from "../migration/foreseen.ts";
import type { Migration } from "../migration/manifest.ts";
import type { Inventory } from "./inventory.ts";

/** Of those that a run would take, what stands against them. What was begun goes on: it was let pass once. */
export function openHazards(taken: Inventory): readonly Problem[] {
  return taken.flatMap(({ standing, migration }) =>
    standing === "pending" ? hazardsOf(migration, "error").map((hazard) => hazardProblem(migration, hazard)) : [],
  );
}

/** Those that nobody has allowed. */
export function hazardsOf({ foreseen }: Migration, level: Hazard["level"]): readonly Hazard[] {
  return (foreseen?.hazards ?? []).filter((hazard) => hazard.level === level && hazard.allowed === null);
}

/** A hazard as what a run is refused for, or an author is told. */
export function hazardProblem({ version, up }: Migration, hazard: Hazard): Problem {
  const { rule, line, column, message } = hazard;
  return {
    code: "HAZARD",
    file: up.file,
    version,
    line,
    column,
    message: `${message} (${rule})`,
    hint: wayOut(hazard),
  };
}

/** What an author does about a hazard. */
export function wayOut({ rule, object }: Hazard): string {
  return `hj migrations explain ${rule} says why, and the safe way. Where it does no harm: -- hj:allow ${rule} ${object} REASON`;
}
