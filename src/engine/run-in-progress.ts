// Says of a run that goes on, here or elsewhere, what it is doing: a warning beside what else there is to tell. Pure.
import type { Problem } from "../failure/problem.ts";

/** `holder` as describeHolder has it. */
export function runInProgress(holder: string): Problem {
  return {
    code: "RUN_IN_PROGRESS",
    message: `a run is at work in ${holder}`,
    hint: "It holds the run lock until it is done. The next run waits for it, and records what it has done.",
  };
}
