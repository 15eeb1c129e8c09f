// Why one migration failed: place and message, then the line with a caret. Pure.
import type { Report } from "../../engine/report-schema.ts";
import type { Style } from "./style.ts";

type ReportedFailure = Extract<Report, { outcome: "failed" }>["failure"];

/** The line and the caret only where the failure has them. */
export function renderFailure(failure: ReportedFailure, style: Style): readonly string[] {
  const message = style("red", messageOf(failure));
  const place = placeOf(failure);
  if (place === null) return [`      ${message}`];
  const pointer = place.pointer === null ? [] : [`      ${place.pointer}${style("red", "^")}`];
  return [`      ${place.name}  ${message}`, `      ${place.line}`, ...pointer];
}

/** What happened, with the code of the server where it is the server's word. */
export function messageOf({ code, message, details: { sqlState } }: ReportedFailure): string {
  return code === "STATEMENT_FAILED" && typeof sqlState === "string" ? `${message} (${sqlState})` : message;
}

/** Where in a file: its name and numbers, the line behind its number, and what stands below it before the caret. */
interface Place {
  readonly name: string;
  readonly line: string;
  /** Null where the server gave no position. */
  readonly pointer: string | null;
}

/** Null for a failure that no statement is to blame for. */
export function placeOf({ details }: ReportedFailure): Place | null {
  const { file, line, column, statement, caret } = details;
  if (typeof file !== "string" || typeof line !== "number" || typeof statement !== "string") return null;
  const number = `${line} | `;
  // Tabs stay tabs, or the caret stands elsewhere than below its character.
  const before = (until: number) => `${" ".repeat(number.length)}${statement.slice(0, until).replace(/[^\t]/g, " ")}`;
  return {
    name: [file, line, column].filter((part) => part != null).join(":"),
    line: `${number}${statement}`,
    pointer: typeof caret === "number" ? before(caret) : null,
  };
}
