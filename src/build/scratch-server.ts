// An empty PostgreSQL for as long as some work takes, without a trace of it afterwards.
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "../embedded/server.ts";

/** Ends the server and removes its data also when `work` fails. Throws an Error that says what is missing to start one. */
export async function onScratchServer<T>(work: (url: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "hj-rehearsal-"));
  try {
    // Open to the server's account, which for root is another one.
    await chmod(directory, 0o755);
    const server = await startServer({ dataDirectory: join(directory, "postgres"), durable: false });
    try {
      return await work(server.url);
    } finally {
      await server.stop();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
