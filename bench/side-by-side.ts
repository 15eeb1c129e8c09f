// This tool beside others on the same work, one after the other, round by round, on one server. `npm run bench` builds
// this tool, installs the others and runs it; docs/benchmarks.md reads the tables.
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "../src/embedded/server.ts";
import { startCountingProxy } from "../test/support/counting-proxy.ts";
import { installPeers } from "./install-peers.ts";
import { CONTESTANTS } from "./side-by-side/contestants.ts";
import { race } from "./side-by-side/race.ts";
import { SCENARIOS } from "./side-by-side/scenarios.ts";
import { ratioOf, spreadOf } from "./side-by-side/statistics.ts";

await installPeers();
const directory = await mkdtemp(join(tmpdir(), "hj-bench-"));
// Open to the server's account, which for root is another one.
await chmod(directory, 0o755);
try {
  const server = await startServer({
    dataDirectory: join(directory, "data"),
    durable: false,
    settings: { max_locks_per_transaction: "1024" },
  });
  const counter = await startCountingProxy(server.url);
  const line = await startCountingProxy(server.url, { latencyMs: 2 });
  try {
    for (const scenario of SCENARIOS.filter(({ name }) => process.argv.slice(2).includes(name))) {
      const track = { serverUrl: server.url, counter, lines: new Map([[2, line]]), directory };
      const { samples, counts } = await race(scenario, track, {
        contestants: CONTESTANTS,
        latencies: [0, 2],
        rounds: ({ rounds }, form, latencyMs) => Math.min(1, rounds[form][latencyMs]),
      });
      process.stdout.write(`${scenario.title}\n`);
      for (const form of ["call", "process"] as const)
        for (const latencyMs of [0, 2] as const) {
          const cell = samples.filter((s) => s.form === form && s.latencyMs === latencyMs);
          for (const { name } of CONTESTANTS) {
            const own = cell.filter(({ tool }) => tool === name);
            const ofFloor = ratioOf(
              own,
              cell.filter(({ tool }) => tool === "floor"),
            );
            const c = counts.find((c) => c.tool === name && c.form === form);
            const wall = spreadOf(own.map(({ wallMs }) => wallMs));
            process.stdout.write(
              `${form} ${latencyMs} ${name} rt ${c?.roundTrips} conn ${c?.connections} locks ${c?.locks} ddl ${c?.ddl} ${wall?.min.toFixed(1)} ${wall?.median.toFixed(1)} ${wall?.max.toFixed(1)} x floor ${ofFloor?.median.toFixed(2)}\n`,
            );
          }
        }
    }
  } finally {
    await counter.close();
    await line.close();
    await server.stop();
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}
