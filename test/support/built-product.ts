// Global set-up for tests of what is shipped: builds it once, and installs AWS's runtime client.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { installRuntimeClient } from "./lambda-runtime-client.ts";

/** The repository, and what a build leaves in it. */
export const ROOT = join(import.meta.dirname, "..", "..");
export const FUNCTION_BUNDLE = join(ROOT, "dist", "function", "index.cjs");
export const CLI = join(ROOT, "dist", "hj.mjs");

export async function setup(): Promise<void> {
  await promisify(execFile)(process.execPath, ["esbuild.config.mjs", "--if-stale"], { cwd: ROOT });
  await installRuntimeClient();
}
