// An empty PostgreSQL for as long as some work takes, without a trace of it afterwards.
import { rmSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "../embedded/server.ts";

/**
 * Ends the server and removes its data also when `work` fails, and when the process exits meanwhile. Throws an Error that
 * says what is missing to start one.
 */
export async function onScratchServer<T>(work: (url: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "hj-rehearsal-"));
  let pid: number | null = null;
  const onExit = () => removeAtOnce(directory, pid);
  process.on("exit", onExit);
  try {
    // Open to the server's account, which for root is another one.
    await chmod(directory, 0o755);
    const server = await startServer({ dataDirectory: join(directory, "postgres"), durable: false });
    pid = server.pid;
    try {
      return await work(server.url);
    } finally {
      await server.stop();
      pid = null;
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
    process.off("exit", onExit);
  }
}

/** Nothing can be awaited any more: a server that goes on for a moment may put a file beside those that are removed. */
function removeAtOnce(directory: string, pid: number | null): void {
  try {
    if (pid !== null) process.kill(pid, "SIGKILL");
  } catch {
    // It was just ending by itself.
  }
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}
