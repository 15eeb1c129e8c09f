// This tool in process: the handler that Lambda runs, on a manifest that was compiled before. Imported by call-in-child.ts.
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseSettings } from "../../src/connection/settings.ts";
import { createHandler } from "../../src/lambda/handler.ts";
import type { Action } from "./contestants.ts";

/** The manifest is read here as the function's bundle holds it, before anything is timed. */
export async function prepare(directory: string, action: Action): Promise<(databaseUrl: string) => Promise<void>> {
  const manifest = JSON.parse(await readFile(join(directory, "..", "manifest.json"), "utf8"));
  return async (databaseUrl) => {
    const handle = createHandler(parseSettings({ HELLOJOHN_DATABASE_URL: databaseUrl }), manifest);
    const report = await handle(
      { command: action === "up" ? "run" : "list" },
      {
        invocationId: randomUUID(),
        remainingMs: () => 900_000,
        signal: new AbortController().signal,
        onProgress: () => {},
      },
    );
    if (!(report as { readonly ok: boolean }).ok) throw new Error(JSON.stringify(report));
  };
}
