// What Linux says of a process, read from recorded files of /proc.
import { expect, test } from "vitest";
import { parseUsage } from "../../../bench/side-by-side/proc-usage.ts";

const STAT =
  "18932 (a (b) c) S 1 18932 18932 0 -1 4194560 812 0 3 0 7 5 0 0 20 0 9 0 162019 1299484672 10496 18446744073709551615";

test("user and system time are those behind the name, whatever is in that", () => {
  const status = "Name:\ta (b) c\nVmPeak:\t 1269028 kB\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\n";
  expect(parseUsage(STAT, status)).toEqual({ cpuMs: 120, peakMb: 20 });
});

test("of a process that has ended nothing new is learnt", () => {
  expect(parseUsage(STAT.replace(") S ", ") Z "), "Name:\ta\nState:\tZ (zombie)\n")).toBeNull();
});
