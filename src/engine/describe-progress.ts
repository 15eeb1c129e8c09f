// What a run is doing, as one line for a person who waits or reads a log. Pure.
import { formatDuration } from "../duration.ts";
import { fullName } from "../migration/manifest.ts";
import { describeBlocker, describeBuild, describeHolder } from "./describe-sight.ts";
import type { Progress } from "./run-context.ts";

/** Without a line end. */
export function describeProgress(progress: Progress): string {
  switch (progress.kind) {
    case "database_wait":
      return `waiting ${formatDuration(progress.waitedMs)} for ${progress.host}: ${progress.reason} ...`;
    case "lock_busy": {
      const { holder, waitedMs } = progress;
      return `waiting ${formatDuration(waitedMs)} for ${holder === null ? "another run" : describeHolder(holder)} ...`;
    }
    case "migration_started":
      return `${fullName(progress)} ...`;
    case "migration_waits":
      return `${progress.version}: a lock is not free, attempt ${progress.attempts + 1} follows ...`;
    case "statement_started":
      return `${progress.version}: statement ${progress.number} of ${progress.of} ...`;
    case "seen": {
      const { version, blockers, build } = progress;
      const [first] = blockers;
      const parts = [
        first === undefined ? "" : `waits for ${describeBlocker(first)}`,
        build === null ? "" : describeBuild(build),
      ];
      return `${version}: ${parts.filter((part) => part !== "").join("; ")} ...`;
    }
  }
}
