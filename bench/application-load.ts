// What an application feels while a migration waits for its tables, with this tool and with others, one after the other
// on one server. `npm run bench:load` builds this tool, installs the others and runs it; docs/benchmarks.md reads the table.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startServer } from "../src/embedded/server.ts";
import {
  createLoadTables,
  onTables,
  startApplicationLoad,
  startLockWatch,
  startLongReader,
} from "../test/support/application-load.ts";
import { installPeers } from "../test/support/peers.ts";
import { type WaitFigures, waitFigures } from "../test/support/wait-figures.ts";
import { ask } from "./side-by-side/databases.ts";
import { TOOLS, type Tool } from "./tools.ts";

/** A migration, by the tables it alters in one transaction. */
interface Scenario {
  readonly name: string;
  readonly tables: readonly string[];
}

interface Measured {
  readonly figures: WaitFigures;
  readonly tookMs: number;
  readonly result: string;
}

const SCENARIOS: readonly Scenario[] = [
  { name: "one lock", tables: ["account"] },
  { name: "three locks", tables: ["account", "purchase", "visit"] },
];

/** The reader of the first table goes so long after the migration first waits for it, the others each a bit later. */
const READER_MS = 10_000;
const NEXT_READER_MS = 1_500;
const LOAD = { sessions: 18, perSecond: 270 };

const HEAD = [
  "| tool | longest wait | felt, longest | felt, p99 | felt > 1 s | per second | took | result |",
  "|---|--:|--:|--:|--:|--:|--:|---|",
];

await installPeers();
const directory = await mkdtemp(join(tmpdir(), "hj-bench-"));
// Open to the server's account, which for root is another one.
await chmod(directory, 0o755);
try {
  const server = await startServer({ dataDirectory: join(directory, "data"), durable: false });
  try {
    for (const scenario of SCENARIOS) await compare(server.url, scenario);
  } finally {
    await server.stop();
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}

async function compare(serverUrl: string, scenario: Scenario): Promise<void> {
  print(["", `${scenario.name}: alter table ${scenario.tables.join(", ")}`, "", ...HEAD]);
  for (const [index, tool] of TOOLS.entries()) {
    const name = `bench_${scenario.tables.length}_${index}`;
    print([
      row(tool.name, await measure(await createDatabase(serverUrl, name), join(directory, name), tool, scenario)),
    ]);
  }
}

async function measure(url: string, workplace: string, tool: Tool, { tables }: Scenario): Promise<Measured> {
  await createLoadTables(url, tables);
  const load = await startApplicationLoad(url, { ...LOAD, transact: onTables(tables) });
  const watch = await startLockWatch(url);
  const readers = await Promise.all(tables.map((table) => startLongReader(url, table)));
  const from = performance.now();
  const child = await start(tool, url, workplace, tables);
  const exited = once(child, "exit");
  const letReadersGo = async () => {
    await watch.until(tables[0] ?? "", 0, () => hasExited(child));
    for (const [index, reader] of readers.entries()) {
      await Promise.race([delay(index === 0 ? READER_MS : NEXT_READER_MS, null, { ref: false }), exited]);
      await reader.end();
    }
  };
  const [[exitCode]] = await Promise.all([exited, letReadersGo()]);
  const span = { from, until: performance.now() };
  const figures = waitFigures(await load.stop(), span);
  await watch.end();
  return { figures, tookMs: span.until - from, result: await resultOf(url, tables, exitCode) };
}

async function start(tool: Tool, url: string, workplace: string, tables: readonly string[]): Promise<ChildProcess> {
  const file = join(workplace, tool.migrationFile);
  await mkdir(dirname(file), { recursive: true });
  const sql = tables.map((table) => `alter table ${table} add column region text;`).join("\n");
  await writeFile(file, tool.migration(sql));
  const [program = "", ...rest] = tool.command;
  const env = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, ...tool.environment(url) };
  const child = spawn(program, rest, { cwd: workplace, env, stdio: "pipe" });
  await once(child, "spawn");
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  child.once("close", (code) => {
    const lines = output.split("\n");
    const reason = lines.find((line) => line.includes("lock timeout")) ?? lines.find((line) => /error/i.test(line));
    if (code !== 0) process.stderr.write(`${tool.name} ended with ${code}: ${reason ?? output.trim()}\n`);
  });
  return child;
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Read from the database: an exit code alone is what the tool says. */
async function resultOf(url: string, tables: readonly string[], exitCode: number | null): Promise<string> {
  const [found] = await ask(
    url,
    "select count(*)::int as columns from information_schema.columns where column_name = 'region'",
  );
  if (found?.["columns"] === tables.length && exitCode === 0) return "applied";
  return found?.["columns"] === 0 ? `failed (exit ${exitCode})` : `exit ${exitCode}, ${found?.["columns"]} columns`;
}

async function createDatabase(serverUrl: string, name: string): Promise<string> {
  await ask(serverUrl, `create database ${name}`);
  return Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
}

function row(name: string, { figures, tookMs, result }: Measured): string {
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  const { longestMs, longestFeltMs, p99FeltMs, feltOverSecond, transactions, perSecond } = figures;
  const cells = [
    name,
    seconds(longestMs),
    seconds(longestFeltMs),
    seconds(p99FeltMs),
    `${feltOverSecond} of ${transactions}`,
    Math.round(perSecond),
    seconds(tookMs),
    result,
  ];
  return `| ${cells.join(" | ")} |`;
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}
