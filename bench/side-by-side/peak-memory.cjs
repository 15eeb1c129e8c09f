// How much memory this process had at most, in MB. Linux tells getrusage of a new process what its parent had.
const { readFileSync } = require("node:fs");

exports.peakMemory = () => {
  try {
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024;
  } catch {
    return process.resourceUsage().maxRSS / 1024;
  }
};
