// What a report comes to: in a few words, how good that is, and what to do next. The text on a terminal and the page are
// both made of it. Pure.
import { notThrough } from "../../engine/not-through.ts";
import type { MigrationReport, Report } from "../../engine/report-schema.ts";
import { formatMigrations } from "./amounts.ts";
import type { Style } from "./style.ts";

/** `plain`: nothing to be glad or sorry about. */
export type Mood = "good" | "plain" | "attention" | "bad";

export interface Verdict {
  readonly mood: Mood;
  /** A few words, with the full stop that HelloJohn's documentation shows, if any. */
  readonly title: string;
  /** What the reader does next; null where nothing is to be done, or what is wrong says it itself. */
  readonly next: string | null;
}

/** Of any report, also of one that a newer function made. */
export function verdictOf(report: Report): Verdict {
  const isRollback = report.command === "rollback";
  switch (report.outcome) {
    case "up_to_date":
      return good("Database schema is up to date");
    case "pending": {
      const next = report.counts.started > 0 ? null : "Run hj migrations run to apply what is pending.";
      return { mood: "attention", title: formatMigrations(notThrough(report), "pending "), next };
    }
    case "listed":
      return plain(formatMigrations(report.migrations.length + (report.omitted ?? 0)));
    case "would_apply":
    case "would_roll_back": {
      const concerned = report.migrations.filter((migration) => !isWaiting(migration));
      return plain(`${isRollback ? "Would roll back" : "Would apply"} ${formatMigrations(concerned.length)}`);
    }
    case "applied":
      return good("Migrations complete.");
    case "rolled_back":
      return good("Rollback complete.");
    case "nothing_to_roll_back":
      return plain("Nothing to roll back.");
    case "adopted":
      return good(`Recorded ${adoptable(report)} as applied.`);
    case "would_adopt": {
      const next = "Nothing was recorded. Run hj migrations adopt --yes to record them as applied.";
      return { mood: "plain", title: `The schema is what ${adoptable(report)} make`, next };
    }
    case "would_resolve":
      return plain(report.resolution);
    case "resolved":
      return good("Recorded.");
    case "unlocked": {
      const { pid, application } = report.holder;
      return good(`Ended pid ${pid} (${application ?? "unnamed"}), which held the run lock.`);
    }
    case "valid":
      return good("Schema validation passed");
    case "drifted": {
      const isPending = report.drift.some(({ because }) => because === "pending");
      const next = isPending ? "Run hj migrations run to apply missing migrations." : null;
      return { mood: "bad", title: "Schema validation failed", next };
    }
    case "incomplete":
      return {
        mood: "attention",
        title: "Time ran out.",
        next: `Run hj migrations ${report.command} again to go on.`,
      };
    case "refused":
      return report.migrations.length === 0
        ? { mood: "bad", title: "Refused: nothing was done", next: null }
        : { mood: "bad", title: "Stopped before the rest.", next: null };
    case "failed":
      return { mood: "bad", title: failed(report.command), next: report.failure.hint };
    default:
      return plain(unknown(report));
  }
}

/** In the colour of its mood. */
export function styleTitle({ mood, title }: Verdict, style: Style): string {
  const colour = { good: "green", attention: "yellow", bad: "red", plain: null } as const;
  return colour[mood] === null ? title : style(colour[mood], title);
}

/** Of another phase than this run's, or too early for it: its warning says which. */
export function isWaiting({ status }: MigrationReport): boolean {
  return status === "pending";
}

/** What the failure of a run is about. */
export function isTroubled({ status }: MigrationReport): boolean {
  return status === "failed" || status === "in_doubt";
}

/** The migrations that an adoption is about, beside all that there are. */
function adoptable({ migrations }: Report): string {
  return `${migrations.filter(isThere).length} of ${migrations.length} migrations`;
}

/** Found in the schema by an adoption. */
export function isThere({ status }: MigrationReport): boolean {
  return status === "would_adopt" || status === "applied";
}

/** Nothing that can be taken for an answer of the command: a validation that failed is not a schema that did. */
function failed(command: Report["command"]): string {
  if (command === "run") return "Migration failed.";
  if (command === "rollback") return "Rollback failed.";
  return command === null ? "The request failed" : `hj migrations ${command} failed`;
}

/** Of a function that is newer than this command line. */
function unknown({ outcome }: Pick<Report, "outcome">): string {
  return `The function answers "${outcome}", which this hj does not know. --json shows the whole report.`;
}

function good(title: string): Verdict {
  return { mood: "good", title, next: null };
}

function plain(title: string): Verdict {
  return { mood: "plain", title, next: null };
}
