// One report of a run that took several invocations. Pure.
import type { Report } from "./report-schema.ts";

/** `next` went on where `earlier` stopped. Nothing that either did or warned of is lost, and no time is. */
export function mergeReports(earlier: Report, next: Report): Report {
  const done = doneIn(earlier);
  // Not known: it ended before the journal was read, and what was read last still holds.
  const isKnown = Object.values(next.counts).some((count) => count > 0);
  // One that came to no plan says nothing of what is left.
  const hasNoPlan = !next.ok && next.migrations.length === 0;
  const omitted = (earlier.omitted ?? 0) + (next.omitted ?? 0);
  const merged = {
    ...next,
    startedAt: earlier.startedAt,
    durationMs: earlier.durationMs + next.durationMs,
    database: next.database ?? earlier.database,
    schemaVersion: {
      before: earlier.schemaVersion.before,
      after: (isKnown ? next : earlier).schemaVersion.after,
    },
    counts: (isKnown ? next : earlier).counts,
    migrations: hasNoPlan ? earlier.migrations : [...done, ...next.migrations],
    // What was at work then is told of as it is now.
    warnings: withoutRepetition([
      ...earlier.warnings.filter(({ code }) => code !== "RUN_IN_PROGRESS"),
      ...next.warnings,
    ]),
    ...(omitted > 0 && { omitted }),
  };
  // Somebody else did the rest. What was done here was done all the same.
  if (done.length > 0 && (merged.outcome === "up_to_date" || merged.outcome === "pending"))
    return { ...merged, outcome: "applied" };
  if (done.length > 0 && merged.outcome === "nothing_to_roll_back") return { ...merged, outcome: "rolled_back" };
  return merged;
}

/** The migrations that an invocation brought to their end. */
export function doneIn({ migrations }: Report): Report["migrations"] {
  return migrations.filter(({ status }) => status === "applied" || status === "rolled_back");
}

function withoutRepetition(warnings: Report["warnings"]): Report["warnings"] {
  return [...new Map(warnings.map((warning) => [JSON.stringify(warning), warning])).values()];
}
