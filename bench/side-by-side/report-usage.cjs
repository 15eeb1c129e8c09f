// Preloaded into a process that is measured as a whole: writes what it has used when it ends.
const { writeFileSync } = require("node:fs");
const { peakMemory } = require("./peak-memory.cjs");

process.once("exit", () => {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  const usage = { cpuMs: (userCPUTime + systemCPUTime) / 1000, peakMb: peakMemory() };
  writeFileSync(process.env.BENCH_USAGE_FILE, JSON.stringify(usage));
});
