// Guards a rollback: reads what its scripts would lose, and has it judged. Tells afterwards what was lost.
import type { Problem } from "../failure/problem.ts";
import { countLosses } from "./count-losses.ts";
import { lossIn } from "./describe-losses.ts";
import type { Plan } from "./plan.ts";
import { judgeLosses, type Loss } from "./plan-losses.ts";
import type { MigrationReport, Report } from "./report-schema.ts";
import { sweepOf } from "./sweep.ts";
import { type PreparedWork, usableMsOf } from "./work.ts";

/** A plan that knows what it loses. */
export interface GuardedPlan extends Plan {
  readonly lost: readonly Loss[];
}

/**
 * Adds what stands against losing data. Reads only where nothing else stands against the rollback; throws a
 * MigrationError where the catalog cannot be read.
 */
export async function guardRollback(
  work: PreparedWork,
  plan: Plan,
  allowed: readonly string[],
  isIdleFine: boolean,
): Promise<GuardedPlan> {
  if (plan.problems.length > 0) return { ...plan, lost: [] };
  const { manifest, session, target } = work;
  const sweep = sweepOf(plan.steps, manifest, target.schema);
  const counted = await countLosses(session, target, sweep, usableMsOf(work));
  const { problems, warnings, lost } = judgeLosses(sweep, counted, allowed, { schema: target.schema, isIdleFine });
  return { steps: plan.steps, problems, warnings: [...plan.warnings, ...warnings], lost };
}

/** Whether a table could not be counted because of a lock, which may be that of a run that is at work. */
export function isHeldUp({ lost }: GuardedPlan): boolean {
  return lost.some(({ held }) => "uncounted" in held && held.isLocked);
}

/** A dry run's. */
export function expectedLosses({ lost }: GuardedPlan, schema: string): readonly Problem[] {
  return lost.map((loss) => lossIn("would", loss, schema));
}

/** The report with what was lost in it. What a migration did not come to, or took back, is not lost. */
export function withLosses(report: Report, { lost }: GuardedPlan, schema: string): Report {
  const told = lost.flatMap((loss) => {
    const migration = report.migrations.find(({ version }) => version === loss.version);
    if (migration === undefined || isUntouched(migration)) return [];
    return [lossIn(migration.status === "rolled_back" ? "did" : "may", loss, schema)];
  });
  return { ...report, warnings: [...report.warnings, ...told] };
}

function isUntouched({ status, transactional }: MigrationReport): boolean {
  return status === "not_reached" || (status === "failed" && transactional === true);
}
