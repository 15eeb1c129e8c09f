// The two streams of the command line, and the one line of progress that is overwritten as a run goes on.
import { formatDuration } from "../duration.ts";
import type { Progress } from "../engine/run-context.ts";
import { fullName } from "../migration/manifest.ts";

/** Shows what a run is doing, on a terminal only. `clear` takes it away again. */
export interface ProgressLine {
  readonly show: (progress: Progress) => void;
  readonly clear: () => void;
}

export function progressLine(stream: NodeJS.WriteStream): ProgressLine {
  if (!stream.isTTY) return { show: () => {}, clear: () => {} };
  // Carriage return, then erase to the end of the line.
  const write = (text: string) => stream.write(`\r\u001b[K${text.slice(0, (stream.columns ?? 80) - 1)}`);
  return { show: (progress) => write(describeProgress(progress)), clear: () => write("") };
}

/** One line for a person who waits. */
export function describeProgress(progress: Progress): string {
  switch (progress.kind) {
    case "database_wait":
      return `waiting ${formatDuration(progress.waitedMs)} for ${progress.host}: ${progress.reason} ...`;
    case "lock_busy": {
      const { holder, waitedMs } = progress;
      const who = holder === null ? "another run" : `pid ${holder.pid} (${holder.application ?? "unnamed"})`;
      return `waiting ${formatDuration(waitedMs)} for ${who} ...`;
    }
    case "migration_started":
      return `${fullName(progress)} ...`;
    case "migration_waits":
      return `${progress.version}: a lock is not free, attempt ${progress.attempts + 1} follows ...`;
    case "statement_started":
      return `${progress.version}: statement ${progress.number} of ${progress.of} ...`;
  }
}
