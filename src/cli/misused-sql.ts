// Where `--sql` cannot be meant, and where it cannot be had. Pure.
import type { Report } from "../engine/report-schema.ts";
import type { NoReport } from "./no-report.ts";

/** The flags that `--sql` has to do with. */
interface SqlFlags {
  readonly sql?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly function?: string;
}

/** Null where it can. Nothing has been asked of any database by then. */
export function misusedSql({ sql, dryRun, json, function: name }: SqlFlags): NoReport | null {
  if (!sql) return null;
  if (name !== undefined) {
    return misused(
      "--sql means nothing with --function: no report carries SQL, and the function's migrations are not at hand here.",
      "Leave it out, or run hj against the database with the migrations that the function was packaged with.",
    );
  }
  if (!dryRun) return misused("--sql prints what would be run.", "Add --dry-run, or leave --sql out.");
  if (json) return misused("--sql and --json both say what standard output is.", "Give one of them.");
  return null;
}

/** Null where the report names all that would run: SQL with a migration missing would be worse than none. */
export function incompleteSql({ outcome, omitted }: Report): NoReport | null {
  if (outcome !== "would_apply" || omitted === undefined) return null;
  return {
    message: "more migrations are pending than a report holds, so their SQL cannot be printed.",
    hint: "Nothing was done. Their files have it, and hj migrations run --dry-run says in which order they would run.",
    exitCode: 1,
  };
}

function misused(message: string, hint: string): NoReport {
  return { message, hint: `Nothing was done. ${hint}`, exitCode: 2 };
}
