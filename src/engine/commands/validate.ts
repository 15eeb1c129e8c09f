// `validate`: holds the live schema against what the build found its migrations to make. Changes nothing.
import type { ObjectKind } from "../../migration/schema-change.ts";
import { driftOf, type Expectation } from "../../schema/drift.ts";
import { applyChanges } from "../../schema/snapshot.ts";
import { expectationsOf, isAhead } from "../expectation.ts";
import { readSchema } from "../read-schema.ts";
import { finishValidated, refuse } from "../report.ts";
import type { Checked, Report } from "../report-schema.ts";
import { usableMsOf, type Work } from "../work.ts";

/** Refuses where the build has no snapshot. */
export async function validate(work: Work): Promise<Report> {
  const { draft, inventory, session, target } = work;
  const expectations = expectationsOf(inventory);
  if (expectations === null) return refuse(draft, [NO_SNAPSHOT]);
  const live = await readSchema(session, target, usableMsOf(work));
  const drift = driftOf(expectations, live, isAhead(inventory));
  return finishValidated(draft, checkedBy(expectations), drift);
}

function checkedBy(expectations: readonly Expectation[]): Checked {
  const objects = applyChanges(expectations.map(({ change }) => change));
  const count = (...kinds: readonly ObjectKind[]) => objects.filter(({ kind }) => kinds.includes(kind)).length;
  const [tables, columns, indexes] = [count("table"), count("column"), count("index")];
  const constraints = count("constraint");
  return { tables, columns, indexes, constraints, others: objects.length - tables - columns - indexes - constraints };
}

/** For commands that compare schemas, in a build that does not know what its migrations make. */
export const NO_SNAPSHOT = {
  code: "NOT_AVAILABLE",
  message: "validate needs to know what the migrations make of a schema, and this build does not",
  hint: "It is found out by running them on an empty PostgreSQL when the function is packaged: see what the build said.",
} as const;
