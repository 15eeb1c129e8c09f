// Runs one scenario: every tool in turn, again and again, so that what disturbs the machine disturbs all of them.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { CountingProxy } from "../../test/support/counting-proxy.ts";
import type { Action, Contestant } from "./contestants.ts";
import { ask, createDatabase, databaseUrl } from "./databases.ts";
import { measureCall, measureProcess, type Usage } from "./measure.ts";
import type { Options } from "./options.ts";
import { FORMS, type Form, rotated, type Scenario } from "./scenarios.ts";
import { writeFiles } from "./stage.ts";
import type { Sample } from "./summary.ts";
import { type Counted, wireFigures } from "./wire-figures.ts";

/** Where runs happen. */
export interface Track {
  readonly serverUrl: string;
  /** Counts and delays nothing. */
  readonly counter: CountingProxy;
  /** By latency in milliseconds. Where there is none, tools go straight to the server. */
  readonly lines: ReadonlyMap<number, CountingProxy>;
  readonly directory: string;
  /** Databases and directories of an earlier scenario that this one goes on with. */
  readonly prepared: Set<string>;
}

/** The samples in the order in which they were taken. */
export async function race(
  scenario: Scenario,
  track: Track,
  { contestants, latencies, roundsOf }: Pick<Options, "contestants" | "latencies" | "roundsOf">,
): Promise<{ readonly samples: readonly Sample[]; readonly counts: readonly Counted[] }> {
  const able = contestants.filter(({ process, call }) => process(scenario.action, "") ?? call(scenario.action));
  const samples: Sample[] = [];
  const counts: Counted[] = [];
  const lanes = able.map((contestant) => laneOf(scenario, track, contestant));
  for (const lane of lanes) await lane.setUp();
  for (const form of FORMS.filter((form) => latencies.some((latencyMs) => roundsOf(scenario, form, latencyMs) > 0))) {
    // Untimed: whatever a first run has to fetch from disk is fetched, and the line is listened to.
    for (const lane of lanes) {
      track.counter.reset();
      const usage = await lane.run(form, track.counter.url);
      if (usage !== null) counts.push({ tool: lane.tool, form, ...wireFigures(track.counter.counts()) });
    }
    for (const latencyMs of latencies) {
      const url = track.lines.get(latencyMs)?.url ?? track.serverUrl;
      for (let round = 0; round < roundsOf(scenario, form, latencyMs); round++) {
        for (const lane of rotated(lanes, round)) {
          const usage = await lane.run(form, url);
          if (usage !== null) samples.push({ tool: lane.tool, form, latencyMs, round, ...usage });
        }
      }
    }
  }
  return { samples, counts };
}

interface Lane {
  readonly tool: string;
  setUp(): Promise<void>;
  /** Over the server or line that `url` leads to. Null where the tool has no such form. */
  run(form: Form, url: string): Promise<Usage | null>;
}

/** One tool with its directory and its database. */
function laneOf(scenario: Scenario, track: Track, contestant: Contestant): Lane {
  const { serverUrl, directory, prepared } = track;
  const home = join(directory, scenario.appliedIn ?? scenario.name, contestant.name);
  const database = `${scenario.appliedIn ?? "fresh"}_${contestant.name.replaceAll("-", "_")}`;
  const ownUrl = databaseUrl(serverUrl, database);
  const once = (form: Form, url: string, action: Action): Promise<Usage> | null => {
    const place = { directory: home, databaseUrl: databaseUrl(url, database) };
    const call = contestant.call(action);
    const command = contestant.process(action, place.databaseUrl);
    if (form === "call") return call && measureCall(call, action, place);
    return command && measureProcess(command, place);
  };
  const has = (form: Form) => (form === "call" ? contestant.call : contestant.process)(scenario.action, "") !== null;
  const check = async () => {
    const [row] = await ask(ownUrl, scenario.check.sql);
    if (row?.["found"] === scenario.check.expected) return;
    throw new Error(`${contestant.name}, ${scenario.name}: found ${row?.["found"]}, not ${scenario.check.expected}`);
  };
  return {
    tool: contestant.name,
    async setUp() {
      if (prepared.has(home)) return;
      prepared.add(home);
      await mkdir(home, { recursive: true });
      await writeFiles(contestant, scenario.migrations, home);
      if (scenario.appliedIn === null) return;
      await createDatabase(serverUrl, database);
      await (once("call", serverUrl, "up") ?? once("process", serverUrl, "up"));
      await check();
    },
    async run(form, url) {
      if (!has(form)) return null;
      if (scenario.appliedIn === null) await createDatabase(serverUrl, database);
      const usage = await once(form, url, scenario.action);
      await check();
      return usage;
    },
  };
}
