// Global set-up for tests of what is shipped: builds it once, and installs AWS's runtime client.
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { installRuntimeClient } from "./lambda-runtime-client.ts";

/** The repository, and what a build leaves in it. */
export const ROOT = join(import.meta.dirname, "..", "..");
export const FUNCTION_BUNDLE = join(ROOT, "dist", "function", "index.cjs");
export const CLI = join(ROOT, "dist", "hj.mjs");

/** All that is in the function, every part of it. */
export async function bundledCode(): Promise<string> {
  const directory = dirname(FUNCTION_BUNDLE);
  const files = (await readdir(directory, { recursive: true })).filter((file) => file.endsWith(".cjs"));
  return (await Promise.all(files.map((file) => readFile(join(directory, file), "utf8")))).join("\n");
}

export async function setup(): Promise<void> {
  await promisify(execFile)(process.execPath, ["esbuild.config.mjs", "--if-stale"], { cwd: ROOT });
  await installRuntimeClient();
}
