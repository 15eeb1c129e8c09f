// What a page is made of: the report that it is about, and what was asked beside it. Values only.
import type { Report } from "../../engine/report-schema.ts";
import type { NoReport } from "../no-report.ts";

/** The answers to `list` and `validate`, of the same database at the same time; null where nobody asked. */
export interface Picture {
  readonly report: Report;
  readonly list: Report | NoReport | null;
  readonly validation: Report | NoReport | null;
}

/** Every report in it, the one that it is about first. */
export function reportsIn({ report, list, validation }: Picture): readonly Report[] {
  return [report, list, validation].filter((answer): answer is Report => answer !== null && "outcome" in answer);
}
