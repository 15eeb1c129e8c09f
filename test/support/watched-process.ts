// Starts a program that serves tests, waits until it says that it is ready, and ends it. Knows no program by name.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** How a program is started. */
interface ProgramOptions {
  /** Everything the program sees of the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the one of this process. */
  readonly account?: { readonly uid: number; readonly gid: number } | null;
  readonly cwd: string;
  /** Looked for in what the program prints, on stdout and stderr alike. */
  readonly readyWhen: RegExp;
}

/** A program that is ready. */
export interface WatchedProcess {
  /** All it has printed so far. */
  output(): string;
  /** Kills it and waits until it is gone; a second call does nothing. For programs that have nothing to save. */
  stop(): Promise<void>;
}

/** Python needs seconds on a busy machine. */
const START_TIMEOUT_MS = 60_000;

/**
 * Reads a pipe from this process, whose end, whatever ended it, kills the program: nothing outlives a killed test run.
 * `$$` stays the program's pid across exec.
 */
const WATCHED_START = `exec 3<&0 </dev/null
( ( read -r _ <&3; kill -KILL $$ ) >/dev/null 2>&1 & )
exec "$@" 3<&-`;

/** Fails with what the program printed when it ends, or is not ready after a minute. */
export async function startWatched(command: readonly string[], options: ProgramOptions): Promise<WatchedProcess> {
  const child = spawn("/bin/sh", ["-c", WATCHED_START, "sh", ...command], {
    ...options.account,
    cwd: options.cwd,
    env: options.env ?? {},
    stdio: "pipe",
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const gone = once(child, "close");
  const stop = async () => {
    child.kill("SIGKILL");
    await gone;
  };
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!options.readyWhen.test(output)) {
    if (isGone(child) || performance.now() > deadline) {
      await stop();
      throw new Error(`${command[0]} did not become ready. It printed:\n${output}`);
    }
    await delay(10);
  }
  return { output: () => output, stop };
}

/**
 * Starts a program that takes its port as an argument: tried again with another port where something else took the
 * first one in between, which `inUse` recognises in what the program printed.
 */
export async function startOnFreePort<T>(start: (port: number) => Promise<T>, inUse: RegExp): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await findFreePort());
    } catch (error) {
      if (attempt === 5 || !inUse.test(String(error))) throw error;
    }
  }
}

function isGone(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no free port on 127.0.0.1");
  return address.port;
}
