// Compiles a directory as the build does, for the call that is timed in hj-call.ts.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { compileDirectory } from "../../src/build/compile-directory.ts";
import { rehearsed } from "../../src/build/rehearsal.ts";
import { connectTo } from "../../src/connection/connect-to.ts";

const CACHE = join(import.meta.dirname, "..", "..", "node_modules", ".cache", "hellojohn-rehearsals");

/** As `npm run package -- --dir` puts it into the function: compiled, and tried on an empty PostgreSQL. */
export async function writeManifest(directory: string, isRehearsed: boolean): Promise<void> {
  const compiled = await compileDirectory(join(directory, "migrations"), { isStrict: false });
  if ("problems" in compiled) throw new Error(JSON.stringify(compiled.problems));
  const manifest = isRehearsed
    ? await rehearsed(compiled.manifest, { connectTo, cacheDirectory: CACHE })
    : compiled.manifest;
  if ("problems" in manifest) throw new Error(JSON.stringify(manifest.problems));
  await writeFile(join(directory, "manifest.json"), JSON.stringify(manifest));
}
