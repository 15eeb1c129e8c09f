// What was found, as GitHub Actions shows it beside the changed lines. Pure.
// https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message
import type { CheckFinding, CheckResult } from "./check-result.ts";
import { closing } from "./render-check.ts";

/**
 * One line for each finding, and the sum, or a log in which nothing was checked looks like one in which nothing was found.
 * `pathOf` says where in the repository a file is.
 */
export function renderAnnotations(result: CheckResult, pathOf: (file: string) => string): string {
  const lines = [
    ...result.findings.map((finding) => annotation(finding, pathOf)),
    closing(result, (_colour, text) => text),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function annotation(finding: CheckFinding, pathOf: (file: string) => string): string {
  const { level, rule, file, line, column, message, hint } = finding;
  const properties = [
    ...(file === null ? [] : [`file=${property(pathOf(file))}`]),
    ...(line === null ? [] : [`line=${line}`]),
    ...(column === null ? [] : [`col=${column}`]),
    `title=${property(rule ?? "hj migrations check")}`,
  ];
  return `::${level} ${properties.join(",")}::${data(hint === null ? message : `${message}\n${hint}`)}`;
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
