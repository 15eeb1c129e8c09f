// A report in one sentence, for the small box of a console. Pure.
import { notThrough } from "../engine/not-through.ts";
import type { MigrationReport, Report } from "../engine/report-schema.ts";
import { fullName } from "../migration/manifest.ts";

type ReportedProblem = Extract<Report, { outcome: "refused" }>["problems"][number];

/** With the run id to look the rest up by, at most `limit` characters. */
export function reasonOf(report: Report, limit = 1_000): string {
  const id = ` (run ${report.runId})`;
  const sentence = sentenceOf(report)
    .toWellFormed()
    .replace(/[\s\p{Cc}]+/gu, " ");
  const room = limit - id.length;
  return (sentence.length > room ? `${clip(sentence, room - 1)}…` : sentence) + id;
}

/** Half a character is no text, and a service may refuse an answer that holds one. */
function clip(text: string, length: number): string {
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, "");
}

function sentenceOf(report: Report): string {
  const done = count(report, "applied", "rolled_back");
  const waiting = count(report, "pending");
  const waits =
    report.command === "run" && waiting > 0
      ? `; ${migrations(waiting)} of another phase wait${waiting === 1 ? "s" : ""}`
      : "";
  const version = `schema version ${report.schemaVersion.after ?? "none"}${waits}`;
  switch (report.outcome) {
    case "up_to_date":
      return `Nothing to do; ${version}`;
    case "applied":
      return `Applied ${migrations(done)}; ${version}`;
    case "rolled_back":
      return `Rolled back ${migrations(done)}; ${version}`;
    case "pending":
    case "would_apply":
      return `${migrations(notThrough(report))} pending; ${version}`;
    case "incomplete": {
      const atWork = report.warnings.find(({ code }) => code === "RUN_IN_PROGRESS");
      const why = atWork === undefined ? "" : `, and ${atWork.message}`;
      return `Time ran out after ${migrations(done)}${why}; ${toGo(report)} to go`;
    }
    case "refused":
      return `Refused: ${report.problems.map(sentenceAbout).join("; ")}`;
    case "failed": {
      const { failure } = report;
      const failed = report.migrations.find(({ status }) => status === "failed" || status === "in_doubt");
      if (failed === undefined) return `${report.command ?? "it"} failed: ${failure.message}. ${failure.hint}`;
      const before = done > 0 ? `, ${migrations(done)} done before it` : "";
      const what = `${fullName(failed)} ${whatBecameOf(failed, report)}${placeOf(failure.details)}`;
      return `${what}: ${failure.message}. ${failure.hint} Now at ${version}${before}`;
    }
    default:
      return `${report.outcome.replaceAll("_", " ")}; ${version}`;
  }
}

/** Of a rollback what it has not come to; of a run what is pending, without what waits for another phase. */
function toGo(report: Report): number {
  if (report.command === "rollback") return count(report, "not_reached", "started");
  return notThrough(report) - count(report, "pending");
}

function count({ migrations }: Report, ...statuses: readonly MigrationReport["status"][]): number {
  return migrations.filter(({ status }) => statuses.includes(status)).length;
}

/** With its way out: the console shows nothing else. */
function sentenceAbout({ field, message, hint }: ReportedProblem): string {
  const what = field === undefined ? message : `${field} ${message}`;
  return hint === undefined ? what : `${what}. ${hint}`;
}

/** For most callers this sentence is all that there is: without the state, somebody has to look into the database. */
function whatBecameOf({ status, transactional }: MigrationReport, { command }: Report): string {
  if (status === "in_doubt") return "may have taken effect or not";
  if (!transactional) return "failed and stopped part way";
  return command === "rollback" ? "failed and is still applied" : "failed and was rolled back";
}

/** ` at 0002_b.up.sql:4:15 (42703)`, as far as it is known. */
function placeOf({ file, line, column, sqlState }: Readonly<Record<string, unknown>>): string {
  const place = [file, line, column].filter((part) => part != null).join(":");
  return `${place === "" ? "" : ` at ${place}`}${typeof sqlState === "string" ? ` (${sqlState})` : ""}`;
}

function migrations(number: number): string {
  return `${number} migration${number === 1 ? "" : "s"}`;
}
