// Why one migration failed: place and message, then the line with a caret. Pure.
import type { Report } from "../../engine/report-schema.ts";
import type { Style } from "./style.ts";

type ReportedFailure = Extract<Report, { outcome: "failed" }>["failure"];

/** The line and the caret only where the failure has them. */
export function renderFailure(failure: ReportedFailure, style: Style): readonly string[] {
  const { file, line, column, statement, caret, sqlState } = failure.details;
  const isStatement = failure.code === "STATEMENT_FAILED" && typeof sqlState === "string";
  const message = style("red", `${failure.message}${isStatement ? ` (${sqlState})` : ""}`);
  if (typeof file !== "string" || typeof line !== "number" || typeof statement !== "string") {
    return [`      ${message}`];
  }
  const place = [file, line, column].filter((part) => part != null).join(":");
  const number = `${line} | `;
  // Tabs stay tabs, or the caret stands elsewhere than below its character.
  const indent = typeof caret === "number" ? statement.slice(0, caret).replace(/[^\t]/g, " ") : "";
  const pointer = typeof caret === "number" ? [`      ${" ".repeat(number.length)}${indent}${style("red", "^")}`] : [];
  return [`      ${place}  ${message}`, `      ${number}${statement}`, ...pointer];
}
