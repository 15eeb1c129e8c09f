// Packages a directory as `npm run package` does, for the call that is timed in hj-call.mjs.
import { join } from "node:path";
import { bundleFunction } from "../../src/build/bundle-function.ts";
import { compileDirectory } from "../../src/build/compile-directory.ts";
import { rehearsed } from "../../src/build/rehearsal.ts";
import { connectTo } from "../../src/connection/connect-to.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const CACHE = join(ROOT, "node_modules", ".cache", "hellojohn-rehearsals");

/** Writes `function/` there, from `migrations/`: compiled, and tried on an empty PostgreSQL if `isRehearsed`. */
export async function writeFunction(directory: string, isRehearsed: boolean): Promise<void> {
  const compiled = await compileDirectory(join(directory, "migrations"), { isStrict: false });
  if ("problems" in compiled) throw new Error(JSON.stringify(compiled.problems));
  const manifest = isRehearsed
    ? await rehearsed(compiled.manifest, { connectTo, cacheDirectory: CACHE })
    : compiled.manifest;
  if ("problems" in manifest) throw new Error(JSON.stringify(manifest.problems));
  await bundleFunction(manifest, ROOT, directory);
}
