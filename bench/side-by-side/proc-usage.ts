// What a process that is no Node has used, read from /proc while it runs: nobody tells it afterwards. Linux only.
import { readFileSync } from "node:fs";

/** So far; null where there is no /proc. */
export interface ProcUsage {
  readonly cpuMs: number;
  readonly peakMb: number;
}

/** How often is looked. What happens behind the last look is not seen. */
const EVERY_MS = 5;

/** Looks until `stop`, which returns what was last seen. */
export function watchUsage(pid: number): { stop(): ProcUsage | null } {
  let seen: ProcUsage | null = null;
  const look = () => {
    try {
      const read = (name: string) => readFileSync(`/proc/${pid}/${name}`, "utf8");
      seen = parseUsage(read("stat"), read("status")) ?? seen;
    } catch {
      // It has just ended, or this is no Linux.
    }
  };
  const timer = setInterval(look, EVERY_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return seen;
    },
  };
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: times are in ticks, of which Linux has 100 a second. */
export function parseUsage(stat: string, status: string): ProcUsage | null {
  // Behind the program's name, which may hold anything, the third field is the first.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  const peak = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
  // The memory of a process that has ended is gone already.
  return peak === undefined || Number.isNaN(ticks) ? null : { cpuMs: ticks * 10, peakMb: Number(peak) / 1_024 };
}
