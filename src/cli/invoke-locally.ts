// Runs the handler in this process, as Lambda would run it, against the chosen database.

import { manifest } from "hj:manifest";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Environment } from "../connection/environment.ts";
import { parseSettings, type Settings } from "../connection/settings.ts";
import { startServer } from "../embedded/server.ts";
import type { Refusal } from "../failure/problem.ts";
import { createHandler } from "../lambda/handler.ts";
import { stopOnInterrupt } from "./interrupt.ts";
import type { CliTarget } from "./target.ts";
import { progressLine } from "./terminal.ts";

/** The answer to an event. An embedded server runs only as long as this. */
export async function invokeLocally(
  event: unknown,
  target: CliTarget | Refusal,
  environment: Environment,
): Promise<unknown> {
  if ("problems" in target) return answer(event, target);
  if (target.kind === "database") return answer(event, settingsFor(target.url, target.field, environment));
  // In the working directory, so that a second command finds what the first one did.
  const dataDirectory = join(process.cwd(), ".hj", "postgres");
  const server = await startServer({ dataDirectory, durable: true });
  if (!server.dataDirectory.startsWith(dataDirectory)) process.stderr.write(`Its data is in ${server.dataDirectory}\n`);
  try {
    return await answer(event, settingsFor(server.url, "--embedded", environment));
  } finally {
    await server.stop();
  }
}

async function answer(event: unknown, settings: Settings | Refusal): Promise<unknown> {
  const progress = progressLine(process.stderr);
  const interrupt = stopOnInterrupt(process);
  try {
    return await createHandler(settings, manifest)(event, {
      invocationId: randomUUID(),
      remainingMs: () => Number.POSITIVE_INFINITY,
      signal: interrupt.signal,
      onProgress: progress.show,
    });
  } finally {
    interrupt.release();
    progress.clear();
  }
}

function settingsFor(url: string, field: string, environment: Environment): Settings | Refusal {
  const settings = parseSettings({ ...environment, HELLOJOHN_DATABASE_URL: url });
  if (!("problems" in settings)) return settings;
  const blamed = settings.problems.map((problem) =>
    problem.field === "HELLOJOHN_DATABASE_URL" ? { ...problem, field } : problem,
  );
  return { problems: blamed };
}
