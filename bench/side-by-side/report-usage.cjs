// Preloaded into a process that is measured as a whole: writes what it has used when it ends.
process.once("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const usage = { cpuMs: (userCPUTime + systemCPUTime) / 1000, peakMb: maxRSS / 1024 };
  require("node:fs").writeFileSync(process.env.BENCH_USAGE_FILE, JSON.stringify(usage));
});
