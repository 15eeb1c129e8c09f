// After a run: is in the schema what it was to bring? One round trip, and only where something was applied.
import type { Problem } from "../failure/problem.ts";
import { type Drift, driftOf } from "../schema/drift.ts";
import { keyOf } from "../schema/snapshot.ts";
import { describeDrift } from "./describe-drift.ts";
import { expectationsOf, isAhead } from "./expectation.ts";
import type { Inventory } from "./inventory.ts";
import { readSchema } from "./read-schema.ts";
import { fail } from "./report.ts";
import type { Report } from "./report-schema.ts";
import type { Work } from "./work.ts";

/**
 * The report as it is, or as a failure where something is not there that this run applied, in this invocation or in an
 * earlier one; what was amiss before is a warning. A build without a snapshot verifies nothing.
 */
export async function verified(work: Work, report: Report): Promise<Report> {
  const { draft, session, target } = work;
  const inventory = draft.after ?? draft.before ?? [];
  const versions = broughtBy(work, report, inventory);
  if (!isDone(report) || versions.size === 0) return report;
  const expectations = expectationsOf(inventory);
  if (expectations === null) return report;
  const kinds = new Set(expectations.flatMap(({ change }) => change.sets.map(({ kind }) => kind)));
  const live = await readSchema(session, target, work.context.remainingMs() * SHARE, kinds).catch(() => null);
  if (live === null) return { ...report, warnings: [...report.warnings, NOT_VERIFIED] };
  const brought = new Set(
    expectations.flatMap(({ version, change }) => (versions.has(version) ? change.sets.map(keyOf) : [])),
  );
  const errors = driftOf(expectations, live, isAhead(inventory)).filter(
    ({ level, because }) => level === "error" && because !== "pending",
  );
  const own = errors.filter(({ object }) => brought.has(keyOf(object)));
  const older = errors.filter((drift) => !own.includes(drift));
  const warnings = older.length === 0 ? [] : [olderDrift(older)];
  if (own.length === 0) return { ...report, warnings: [...report.warnings, ...warnings] };
  draft.warnings.push(...warnings);
  return fail(draft, {
    code: "SCHEMA_MISMATCH",
    message: `the migrations were applied and recorded, and the schema is not what they make: ${told(own)}`,
    hint: "Somebody or something else changed it meanwhile, or a migration does not do the same everywhere. hj migrations validate --verbose shows all of it.",
    details: { differences: own.length },
  });
}

/** Also where somebody else did the rest, or nothing was left when the connection was back. */
function isDone({ outcome, dryRun }: Report): boolean {
  return !dryRun && (outcome === "applied" || outcome === "up_to_date");
}

function broughtBy({ context }: Work, { migrations }: Report, inventory: Inventory): ReadonlySet<string> {
  const earlier = inventory.filter(({ standing, entry }) => standing === "applied" && entry.runId === context.runId);
  // Not those that wait: nothing to do costs no look at the schema.
  const done = migrations.filter(({ status }) => status === "applied");
  return new Set([...done, ...earlier].map(({ version }) => version));
}

/** Of what is left, which at the deadline is what a run keeps back to answer: more than half has to remain of that. */
const SHARE = 1 / 4;

function olderDrift(drift: readonly Drift[]): Problem {
  return {
    code: "SCHEMA_DRIFTED",
    message: `the schema was not what earlier migrations made: ${told(drift)}`,
    hint: "hj migrations validate --verbose shows all of it.",
  };
}

const NOT_VERIFIED: Problem = {
  code: "SCHEMA_DRIFTED",
  message: "what was applied and recorded could not be verified: the catalog could not be read",
  hint: "hj migrations validate looks again.",
};

/** The first three: a report is no place for a thousand. */
function told(drift: readonly Drift[]): string {
  const first = drift.slice(0, 3).map(describeDrift);
  return [...first, ...(drift.length > 3 ? [`${drift.length - 3} more`] : [])].join("; ");
}
