// This tool beside others on the same work, one after the other, round by round, on one server. `npm run bench` builds
// this tool, installs the others and runs it; docs/benchmarks.md reads the tables.
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "../src/embedded/server.ts";
import { startCountingProxy } from "../test/support/counting-proxy.ts";
import { installPeers } from "../test/support/peers.ts";
import { ask, roundTripOf } from "./side-by-side/databases.ts";
import { type Options, readOptions, USAGE } from "./side-by-side/options.ts";
import { publish, type Result, settingOf } from "./side-by-side/publish.ts";
import { race } from "./side-by-side/race.ts";
import type { Spread } from "./side-by-side/statistics.ts";
import { cellsOf } from "./side-by-side/summary.ts";
import { duration, scenarioTables } from "./side-by-side/table.ts";

const options = optionsOrUsage();
await installPeers();
const directory = await mkdtemp(join(tmpdir(), "hj-bench-"));
try {
  // Open to the server's account, which for root is another one.
  await chmod(directory, 0o755);
  const settings = {
    // A thousand tables in one transaction, as some tools have it, are more locks than the default has room for.
    max_locks_per_transaction: "1024",
    // Would come and go as it likes.
    autovacuum: "off",
  };
  const server = await startServer({ dataDirectory: join(directory, "data"), durable: false, settings });
  try {
    await measure(server.url, options);
  } finally {
    await server.stop();
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}

async function measure(serverUrl: string, { scenarios, contestants, isWhole, ...wanted }: Options): Promise<void> {
  const counter = await startCountingProxy(serverUrl);
  const line = await startCountingProxy(serverUrl, { latencyMs: 2 });
  const lines = new Map([[2, line]]);
  try {
    const roundTripMs = { 0: await roundTripOf(serverUrl), 2: await roundTripOf(line.url) };
    const [server] = await ask(serverUrl, "show server_version");
    const setting = await settingOf(String(server?.["server_version"]), roundTripMs);
    const { date, machine, versions } = setting;
    print(`${date}\n${JSON.stringify(machine)}\n${JSON.stringify(versions)}`);
    for (const [latencyMs, spread] of Object.entries(roundTripMs)) print(told(latencyMs, spread));
    const results: Result[] = [];
    const track = { serverUrl, counter, lines, directory, prepared: new Set<string>() };
    for (const scenario of scenarios) {
      process.stderr.write(`${scenario.title}...\n`);
      const { samples, counts } = await race(scenario, track, { contestants, ...wanted });
      print(`\n${scenarioTables(scenario, counts, cellsOf(samples, contestants))}`);
      results.push({ scenario, samples, counts });
    }
    print(`\nWritten: ${(await publish(setting, results, contestants, isWhole)).join(", ")}`);
  } finally {
    await counter.close();
    await line.close();
  }
}

function told(latencyMs: string, spread: Spread | null): string {
  const { min, median, max } = spread ?? { min: 0, median: 0, max: 0 };
  return `A round trip with ${latencyMs} ms added one way: ${duration(median)} (${duration(min)} to ${duration(max)})`;
}

function optionsOrUsage(): Options {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`Error: ${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(2);
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
