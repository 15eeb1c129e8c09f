import { describe, expect, test } from "vitest";
import { durationChart } from "../../../../src/cli/html/duration-chart.ts";
import { migrationReport } from "../../../support/report.ts";

function chartOf(...durations: readonly number[]): string | null {
  const migrations = durations.map((durationMs, index) =>
    migrationReport(`20240101_${String(index).padStart(3, "0")}_step`, "applied", { durationMs }),
  );
  return durationChart(migrations)?.toString() ?? null;
}

function barsOf(chart: string | null): readonly string[] {
  return [...(chart ?? "").matchAll(/class="bar"[^>]*? width="([^"]*)"/g)].map(([, width = ""]) => width);
}

describe("durationChart", () => {
  test("draws a bar for each, in their order, the longest as wide as the page", () => {
    expect(barsOf(chartOf(50, 200, 100))).toEqual(["25.0%", "100.0%", "50.0%"]);
  });

  test("says in words what it draws, for those who do not see it", () => {
    const chart = chartOf(61, 8_420);
    expect(chart).toContain('<svg class="chart" role="img" aria-labelledby="chart-title chart-text"');
    expect(chart).toContain("20240101_000_step: 61ms. 20240101_001_step: 8.4s. </desc>");
  });

  test("draws what is hardly there wide enough to be seen", () => {
    expect(barsOf(chartOf(1, 600_000))).toEqual(["0.4%", "100.0%"]);
  });

  test.each([[[]], [[100]], [[0, 100]]])("is none where nothing can be compared: %j", (durations) => {
    expect(chartOf(...durations)).toBeNull();
  });

  test("shows the slowest where there are too many to compare, and says so", () => {
    const chart = chartOf(...Array.from({ length: 40 }, (_, index) => index + 1));
    expect(barsOf(chart)).toHaveLength(12);
    expect(barsOf(chart)[0]).toBe("100.0%");
    expect(chart).toContain("<h3>The 12 slowest of 40</h3>");
  });

  test("tells how often a lock was not free", () => {
    const waited = migrationReport("20240101_001_a", "applied", { durationMs: 3_000, attempts: 4 });
    const other = migrationReport("20240101_002_b", "applied", { durationMs: 10 });
    expect(durationChart([waited, other])?.toString()).toContain(">3s, 4 attempts</text>");
  });

  test("cuts a name that would run into its duration", () => {
    const long = migrationReport(`20240101_001_${"x".repeat(500)}`, "applied", { durationMs: 3_000 });
    const chart = durationChart([long, long])?.toString() ?? "";
    expect(chart).toContain(`>_${"x".repeat(47)}…</tspan>`);
  });
});
