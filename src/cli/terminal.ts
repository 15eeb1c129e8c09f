// The two streams of the command line, and the one line of progress that is overwritten as a run goes on.
import { formatDuration } from "../duration.ts";
import { describeProgress } from "../engine/describe-progress.ts";
import type { Progress } from "../engine/run-context.ts";

/** Shows what a run is doing, on a terminal only. `clear` takes it away again. */
export interface ProgressLine {
  readonly show: (progress: Progress) => void;
  readonly clear: () => void;
}

export function progressLine(stream: NodeJS.WriteStream): ProgressLine {
  if (!stream.isTTY) return { show: () => {}, clear: () => {} };
  return {
    show: (progress) => overwrite(stream, describeProgress(progress)),
    clear: () => overwrite(stream, ""),
  };
}

/** Says what is being waited for. On a terminal also for how long, in one line that `clear` takes away again. */
export interface WaitingLine {
  /** Starts the time anew. */
  readonly say: (text: string) => void;
  readonly clear: () => void;
}

/** Off a terminal each text is one line, once: a log is to say it, not to fill up with it. */
export function waitingLine(stream: NodeJS.WriteStream): WaitingLine {
  if (!stream.isTTY) {
    const said = new Set<string>();
    const say = (text: string) => {
      if (!said.has(text)) stream.write(`${text} ...\n`);
      said.add(text);
    };
    return { say, clear: () => {} };
  }
  let timer: NodeJS.Timeout | undefined;
  const write = (text: string) => overwrite(stream, text);
  const clear = () => {
    clearInterval(timer);
    write("");
  };
  const say = (text: string) => {
    clearInterval(timer);
    const startedAt = performance.now();
    write(`${text} ...`);
    timer = setInterval(() => {
      const seconds = Math.floor((performance.now() - startedAt) / 1000);
      write(`${text} ... ${formatDuration(seconds * 1000)}`);
    }, 1000);
  };
  return { say, clear };
}

/** Carriage return, then erase to the end of the line. A terminal that knows no width says 0. */
function overwrite(stream: NodeJS.WriteStream, text: string): void {
  stream.write(`\r\u001b[K${text.slice(0, (stream.columns || 80) - 1)}`);
}
