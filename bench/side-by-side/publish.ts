// Writes what a measurement found: the samples as JSON, and the chart.
import { readFile, writeFile } from "node:fs/promises";
import { cpus, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { PEERS } from "../../test/support/peers.ts";
import { chart } from "./chart.ts";
import type { Contestant } from "./contestants.ts";
import { panelsOf } from "./panels.ts";
import type { Scenario } from "./scenarios.ts";
import type { Spread } from "./statistics.ts";
import { cellsOf, type Sample } from "./summary.ts";
import type { Counted } from "./wire-figures.ts";

/** One scenario, and all that was seen of it. */
export interface Result {
  readonly scenario: Scenario;
  readonly samples: readonly Sample[];
  readonly counts: readonly Counted[];
}

/** Where it was measured, and with what. */
export interface Setting {
  readonly date: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly versions: Readonly<Record<string, string>>;
  /** What one `select 1` takes, by the milliseconds that were added to the line each way. */
  readonly roundTripMs: Readonly<Record<string, Spread | null>>;
}

/** The published results, and those of a run that left something out: they are nobody's but whoever ran it. */
const FILES = { whole: "results", part: "results-part" } as const;

/** Now, on this machine. */
export async function settingOf(serverVersion: string, roundTripMs: Setting["roundTripMs"]): Promise<Setting> {
  const { dependencies } = JSON.parse(await readFile(join(PEERS, "package.json"), "utf8"));
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    machine: {
      system: `${type()} ${release()} ${process.arch}`,
      processors: processors.length,
      processor: processors[0]?.model ?? "",
      memoryMb: Math.round(totalmem() / 1_048_576),
    },
    versions: { node: process.versions.node, postgres: serverVersion, ...dependencies },
    roundTripMs,
  };
}

/** Returns the paths of what it wrote. */
export async function publish(
  setting: Setting,
  results: readonly Result[],
  contestants: readonly Contestant[],
  isWhole: boolean,
): Promise<readonly string[]> {
  const scenarios = results.map(({ scenario: { name, title }, counts, samples }) => ({ name, title, counts, samples }));
  const { date, machine, versions } = setting;
  const subtitle = `Median, from fastest to slowest run, × floor. ${date.slice(0, 10)}, ${machine["processors"]} processors, Node ${versions["node"]}, PostgreSQL ${versions["postgres"]}`;
  const panels = results.flatMap(({ scenario, samples }) => panelsOf(scenario.title, cellsOf(samples, contestants)));
  const written = [
    ["json", `${JSON.stringify({ ...setting, scenarios }, null, 1)}\n`],
    ["svg", chart("Side by side: time in process", subtitle, panels)],
  ] as const;
  const paths = written.map(([extension]) => join("bench", `${isWhole ? FILES.whole : FILES.part}.${extension}`));
  await Promise.all(written.map(([, content], index) => writeFile(paths[index] ?? "", content)));
  return paths;
}
