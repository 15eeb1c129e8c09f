// What is wrong: problems, warnings, and failures that no migration is to blame for. Pure.
import type { Report } from "../../engine/report-schema.ts";
import type { NoReport } from "../no-report.ts";
import { isToldBeside } from "./render-run.ts";
import type { Style } from "./style.ts";

type ReportedProblem = Report["warnings"][number];

/** Empty for a report that tells its trouble elsewhere, or has none. */
export function renderError(report: Report, style: Style): readonly string[] {
  if (report.outcome === "refused") return renderProblems(report.problems, style);
  if (report.outcome !== "failed" || isToldBeside(report)) return [];
  return [error(report.failure.message, style), `  ${report.failure.hint}`];
}

/** Each problem as a sentence with its hint; HelloJohn's documentation shows `Error: HELLOJOHN_DATABASE_URL is not set`. */
export function renderProblems(problems: readonly ReportedProblem[], style: Style): readonly string[] {
  return problems.flatMap((problem) => [
    error(sentence(problem), style),
    ...(problem.hint === undefined ? [] : [`  ${problem.hint}`]),
  ]);
}

/** For standard error, with its line ends. */
export function renderNoReport({ message, hint }: NoReport, style: Style): string {
  return `${error(message, style)}\n  ${hint}\n`;
}

/** What a log or a session is found by, where somebody has to look: the run is in application_name, the invocation in CloudWatch. */
export function renderIds({ outcome, runId, invocationId }: Report): readonly string[] {
  return outcome === "failed" || outcome === "incomplete" ? [`Run ${runId}, invocation ${invocationId}`] : [];
}

export function renderWarnings(report: Report, style: Style): readonly string[] {
  return report.warnings.map((warning) => `${style("yellow", "Warning:")} ${sentence(warning)}`);
}

function error(text: string, style: Style): string {
  return `${style("red", "Error:")} ${text}`;
}

/** With its field or its place, where it has one. */
export function sentence({ code, field, file, line, column, message }: ReportedProblem): string {
  if (field !== undefined) return `${field} ${message}`;
  if ((code === "INVALID_MIGRATION" || code === "FILE_IGNORED") && line === undefined)
    return `${file ?? "a file"} ${message}`;
  return line === undefined
    ? message
    : `${[file, line, column].filter((part) => part !== undefined).join(":")}  ${message}`;
}
