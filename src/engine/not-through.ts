// What everybody who counts what is left of a schema's migrations counts. Pure.
import type { Report } from "./report-schema.ts";

/** Those that are pending, and those that were begun, up or down, and have not come to their end. */
export function notThrough({ counts }: Pick<Report, "counts">): number {
  return counts.pending + counts.started;
}
