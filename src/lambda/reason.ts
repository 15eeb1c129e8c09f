// A report in one sentence, for the small box of a console. Pure.
import type { Report } from "../engine/report-schema.ts";
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
  const done = report.migrations.filter(({ status }) => status === "applied" || status === "rolled_back").length;
  const version = `schema version ${report.schemaVersion.after ?? "none"}`;
  switch (report.outcome) {
    case "up_to_date":
      return `Nothing to do; ${version}`;
    case "applied":
      return `Applied ${migrations(done)}; ${version}`;
    case "rolled_back":
      return `Rolled back ${migrations(done)}; ${version}`;
    case "pending":
    case "would_apply":
      return `${migrations(report.counts.pending)} pending; ${version}`;
    case "incomplete":
      return `Time ran out after ${migrations(done)}; ${report.counts.pending} to go`;
    case "refused":
      return `Refused: ${report.problems.map(sentenceAbout).join("; ")}`;
    case "failed": {
      const failed = report.migrations.find(({ status }) => status === "failed" || status === "in_doubt");
      const what = failed === undefined ? "Failed" : `${fullName(failed)} failed`;
      return `${what}: ${report.failure.message}. ${report.failure.hint}${done > 0 ? ` ${migrations(done)} done before it` : ""}`;
    }
    default:
      return `${report.outcome.replaceAll("_", " ")}; ${version}`;
  }
}

/** With its way out: the console shows nothing else. */
function sentenceAbout({ field, message, hint }: ReportedProblem): string {
  const what = field === undefined ? message : `${field} ${message}`;
  return hint === undefined ? what : `${what}. ${hint}`;
}

function migrations(number: number): string {
  return `${number} migration${number === 1 ? "" : "s"}`;
}
