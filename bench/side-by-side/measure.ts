// Runs one tool once, as a process or as a call in a process of its own, and says what that took. Judges nothing.
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Action, Call, Command } from "./contestants.ts";
import { watchUsage } from "./proc-usage.ts";

/** What a run took; null where the system does not say. */
export interface Usage {
  readonly wallMs: number;
  readonly cpuMs: number | null;
  readonly peakMb: number | null;
}

/** Where a run happens: the directory with the tool's files, and the database. */
export interface Place {
  readonly directory: string;
  readonly databaseUrl: string;
}

const CHILD = join(import.meta.dirname, "call-in-child.mjs");
const REPORTER = join(import.meta.dirname, "report-usage.cjs");
const PATH = `${dirname(process.execPath)}:/usr/bin:/bin`;

/** Only the call is timed, after its tool was loaded. The peak is that of the whole process. */
export async function measureCall(call: Call, action: Action, { directory, databaseUrl }: Place): Promise<Usage> {
  const child = fork(CHILD, [call.module, join(directory, call.directory), action], {
    cwd: directory,
    // Not as an argument: those are printed when it fails.
    env: { PATH, DATABASE_URL: databaseUrl },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let usage: Usage | null = null;
  child.on("message", (message: Usage) => {
    usage = message;
  });
  await ended(child);
  if (usage === null) throw new Error(`${call.module} ended without a result`);
  return usage;
}

/** From start to exit, as somebody waits for it who typed the command. */
export async function measureProcess({ command, environment }: Command, { directory }: Place): Promise<Usage> {
  const usageFile = join(directory, "usage.json");
  const [program = "", ...args] = command;
  const startedAt = performance.now();
  const child = spawn(program, args, {
    cwd: directory,
    env: { PATH, NO_COLOR: "1", NODE_OPTIONS: `--require=${REPORTER}`, BENCH_USAGE_FILE: usageFile, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  // Only Node can be asked to tell.
  const watch = program === process.execPath || child.pid === undefined ? null : watchUsage(child.pid);
  let wallMs = 0;
  child.once("exit", () => {
    wallMs = performance.now() - startedAt;
  });
  await ended(child);
  const used = watch === null ? JSON.parse(await readFile(usageFile, "utf8")) : watch.stop();
  await rm(usageFile, { force: true });
  return { wallMs, cpuMs: used?.cpuMs ?? null, peakMb: used?.peakMb ?? null };
}

/** Fails with what was printed unless it ends with 0. */
async function ended(child: ChildProcess): Promise<void> {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (text) => (output += text));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${child.spawnargs.join(" ")} ended with ${code}:\n${output.trim().slice(-2_000)}`);
}
