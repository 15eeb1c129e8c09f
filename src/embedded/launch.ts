// Starts one postgres process, waits until it is ready, and ends it. Knows nothing of where data or programs come from.
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { open, readFile, stat, truncate } from "node:fs/promises";
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Cluster } from "./cluster.ts";
import { POLL_INTERVAL_MS, readPostmaster } from "./postmaster.ts";
import { serverAccount } from "./unprivileged.ts";

/** A server that this process started, or what it logged before it ended instead. */
export type Launch =
  | {
      readonly isReady: true;
      readonly pid: number;
      /** Ends every session and waits until the process is gone. */
      readonly stop: () => Promise<void>;
    }
  | { readonly isReady: false; readonly log: string };

/** Long enough to recover a large database after a crash. */
export const START_TIMEOUT_MS = 60_000;

/** A fast shutdown writes a checkpoint; one that takes longer is cut, and the next start recovers. */
const STOP_TIMEOUT_MS = 20_000;

/** The log of earlier starts is kept up to here. */
const LOG_LIMIT_BYTES = 1024 * 1024;

/**
 * Runs postgres in a session of its own, so that Ctrl-C reaches this process first, with a watcher that reads a pipe
 * from this process: its end, whatever ended it, stops the server. `$$` stays the pid across exec. The watcher is
 * started by a subshell that ends, because postgres must not find a child that it does not know.
 */
const WATCHED_START = `exec 3<&0 </dev/null
( ( read -r _ <&3; kill -INT $$ ) >/dev/null 2>&1 & )
LC_ALL=C; export LC_ALL
exec "$@" 3<&-`;

/** Waits until the server accepts connections. */
export async function launchPostgres(postgres: string, options: readonly string[], cluster: Cluster): Promise<Launch> {
  const logStart = await prepareLog(cluster.logFile);
  const child = await spawnWatched([postgres, "-D", cluster.dataDirectory, ...options], cluster);
  const exited = new Promise<void>((resolve) => {
    const onEnd = () => {
      child.stdin?.destroy();
      resolve();
    };
    child.once("exit", onEnd).once("error", onEnd);
  });
  // A caller that forgets to stop the server still ends, and the server with it.
  child.unref();
  (child.stdin as Socket).unref();
  const stop = () => stopChild(child, exited);
  const isReady = await waitUntilReady(child, cluster.dataDirectory);
  if (isReady) return { isReady, pid: child.pid as number, stop };
  await stop();
  return { isReady, log: (await readFile(cluster.logFile)).toString("utf8", logStart) };
}

/** Where this start's part of the log begins: others that start on the same data at the same time write to it too. */
async function prepareLog(logFile: string): Promise<number> {
  const size = await stat(logFile).then(
    (found) => found.size,
    () => 0,
  );
  if (size <= LOG_LIMIT_BYTES) return size;
  await truncate(logFile);
  return 0;
}

async function spawnWatched(command: readonly string[], cluster: Cluster): Promise<ChildProcess> {
  const log = await open(cluster.logFile, "a");
  try {
    const options: SpawnOptions = {
      ...serverAccount(),
      cwd: cluster.directory,
      detached: true,
      windowsHide: true,
      stdio: ["pipe", log.fd, log.fd],
    };
    // Windows has no such shell: there a server whose starter was killed stays, and the next start reuses it.
    const shell = process.platform === "win32" ? [] : ["/bin/sh", "-c", WATCHED_START, "sh"];
    const [program = "", ...rest] = [...shell, ...command];
    return spawn(program, rest, options);
  } finally {
    await log.close();
  }
}

/** The pid file is what pg_ctl waits for too. False: it ended, or it took too long. */
async function waitUntilReady(child: ChildProcess, dataDirectory: string): Promise<boolean> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (isRunning(child) && performance.now() < deadline) {
    const found = await readPostmaster(dataDirectory);
    if (found !== null && found.pid === child.pid && found.status === "ready") return true;
    await delay(POLL_INTERVAL_MS);
  }
  return false;
}

/** https://www.postgresql.org/docs/current/server-shutdown.html: SIGINT is a fast shutdown, SIGQUIT an immediate one. */
async function stopChild(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (!isRunning(child)) return exited;
  child.ref();
  child.kill("SIGINT");
  const giveUp = setTimeout(() => child.kill("SIGQUIT"), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(giveUp);
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}
