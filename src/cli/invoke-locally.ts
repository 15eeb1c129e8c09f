// Runs the handler in this process, as Lambda would run it, against the chosen database.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Settings } from "../connection/settings.ts";
import { startServer } from "../embedded/server.ts";
import type { Refusal } from "../failure/problem.ts";
import { createHandler } from "../lambda/handler.ts";
import type { Manifest } from "../migration/manifest.ts";
import { stopOnInterrupt } from "./interrupt.ts";
import { answered, type Invoke } from "./no-report.ts";
import type { LocalTarget } from "./target.ts";
import { progressLine } from "./terminal.ts";

/** Lets `work` send events to the chosen database. An embedded server runs only as long as that. */
export async function withLocalHandler<T>(
  target: LocalTarget,
  manifest: Manifest | Refusal,
  work: (invoke: Invoke) => Promise<T>,
): Promise<T> {
  if (target.kind === "database") return work(invokeWith(target.settings, manifest));
  // In the working directory, so that a second command finds what the first one did.
  const dataDirectory = join(process.cwd(), ".hj", "postgres");
  const server = await startServer({ dataDirectory, durable: true });
  if (!server.dataDirectory.startsWith(dataDirectory)) process.stderr.write(`Its data is in ${server.dataDirectory}\n`);
  try {
    return await work(invokeWith(target.settingsFor(server.url), manifest));
  } finally {
    await server.stop();
  }
}

function invokeWith(settings: Settings | Refusal, manifest: Manifest | Refusal): Invoke {
  const handle = createHandler(settings, manifest);
  return async (event) => {
    const progress = progressLine(process.stderr);
    const interrupt = stopOnInterrupt(process);
    try {
      const answer = await handle(event, {
        invocationId: randomUUID(),
        remainingMs: () => Number.POSITIVE_INFINITY,
        signal: interrupt.signal,
        onProgress: progress.show,
      });
      return answered(answer);
    } finally {
      interrupt.release();
      progress.clear();
    }
  };
}
