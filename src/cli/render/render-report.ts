// A report as people read it: HelloJohn's documented texts. Pure.
import type { Report } from "../../engine/report-schema.ts";
import { renderAdoption } from "./render-adopt.ts";
import { renderList } from "./render-list.ts";
import { renderError, renderIds, renderWarnings } from "./render-problems.ts";
import { renderDryRun, renderRun } from "./render-run.ts";
import { renderStatus, renderUpToDate } from "./render-status.ts";
import { renderValidation } from "./render-validate.ts";
import type { Style } from "./style.ts";
import { styleTitle, verdictOf } from "./verdict.ts";

/** What goes to standard output, and what to standard error; either may be empty. */
export interface Rendered {
  readonly stdout: string;
  readonly stderr: string;
}

/** Renders any report, each stream in its own style: one may be a terminal and the other a file. Text ends with a line end. */
export function renderReport(report: Report, style: Style, errorStyle: Style = style, isVerbose = false): Rendered {
  const body = renderBody(report, isVerbose, style);
  const error = renderError(report, errorStyle);
  return {
    stdout: lines(body),
    stderr: lines([...renderWarnings(report, errorStyle), ...error, ...renderIds(report)]),
  };
}

function renderBody(report: Report, isVerbose: boolean, style: Style): readonly string[] {
  switch (report.outcome) {
    case "up_to_date":
      return renderUpToDate(report, style);
    case "pending":
      return renderStatus(report, style);
    case "listed":
      return renderList(report, style);
    case "would_apply":
    case "would_roll_back":
      return renderDryRun(report, style, isVerbose);
    case "applied":
    case "rolled_back":
    case "incomplete":
    case "failed":
    case "refused":
      return renderRun(report, style);
    case "adopted":
    case "would_adopt":
      return renderAdoption(report, style);
    case "valid":
    case "drifted":
      return renderValidation(report, isVerbose, style);
    case "resolved":
      return [`✅ ${styleTitle(verdictOf(report), style)} Schema version: ${report.schemaVersion.after ?? "none"}`];
    case "unlocked":
      return [`✅ ${verdictOf(report).title}`];
    case "nothing_to_roll_back":
    case "would_resolve":
      return [verdictOf(report).title];
    // Of a function that is newer than this command line.
    default:
      return [verdictOf(report).title];
  }
}

function lines(text: readonly string[]): string {
  return text.map((line) => `${line}\n`).join("");
}
