// What the shell is told. Pure.
import type { Report } from "../engine/report-schema.ts";
import { POLICY } from "../failure/policy.ts";

/** 0: fine. 2: the request or the configuration is wrong. 1: everything else. */
export type ExitCode = 0 | 1 | 2;

export function exitCodeOf(report: Report): ExitCode {
  if (report.ok) return 0;
  if (report.outcome === "failed") return exitCodeFor(report.failure.code);
  if (report.outcome !== "refused") return 1;
  return report.problems.some(({ code }) => exitCodeFor(code) === 2) ? 2 : 1;
}

// A newer function may answer with a code that this command line does not know.
function exitCodeFor(code: string): ExitCode {
  return Object.hasOwn(POLICY, code) ? POLICY[code as keyof typeof POLICY].exitCode : 1;
}
