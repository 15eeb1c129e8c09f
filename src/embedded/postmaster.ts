// What a running server says about itself: its pid file and whether its port answers. Starts and stops nothing.
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A server process that is alive. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** As PostgreSQL writes it: `starting`, `ready`, `stopping`; empty for its first moments. */
  readonly status: string;
}

/** How often a condition is looked at that nothing announces. */
export const POLL_INTERVAL_MS = 10;

/** An answer on the loopback interface takes microseconds; what takes longer is not a server that can be used. */
const ANSWER_TIMEOUT_MS = 2_000;

/** The server of this data directory, or null when there is no pid file or its process is gone. */
export async function readPostmaster(dataDirectory: string): Promise<Postmaster | null> {
  const text = await readFile(join(dataDirectory, "postmaster.pid"), "utf8").catch(() => "");
  // Lines by number: https://www.postgresql.org/docs/current/storage-file-layout.html and utils/pidfile.h.
  const lines = text.split("\n");
  const pid = Number(lines[0]);
  if (!(pid > 0) || !isAlive(pid)) return null;
  return { pid, port: Number(lines[3]), status: lines[7]?.trim() ?? "" };
}

/**
 * The server that already runs in this data directory and can be used, after waiting for one that is starting or
 * stopping. Null means: start one, and let PostgreSQL judge what a left-over pid file is worth.
 */
export async function findRunningServer(dataDirectory: string, timeoutMs: number): Promise<Postmaster | null> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    const found = await readPostmaster(dataDirectory);
    if (found === null) return null;
    if (found.status === "ready") return (await answers(found.port)) ? found : null;
    await delay(POLL_INTERVAL_MS);
  }
  return null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * Asks for TLS and wants any answer that PostgreSQL gives: after a reboot the port, like the process id, may belong
 * to something else.
 */
function answers(port: number): Promise<boolean> {
  const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(sslRequest));
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy());
    socket.once("data", (reply) => {
      resolve(reply.length === 1 && "NS".includes(reply.toString("latin1")));
      socket.destroy();
    });
    socket.once("error", () => socket.destroy());
    socket.once("close", () => resolve(false));
  });
}
