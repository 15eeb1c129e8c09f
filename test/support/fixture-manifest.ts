// The directories of migrations in test/fixtures, compiled. Knows nothing of what is in them.
import { compileDirectory } from "../../src/build/compile-directory.ts";
import type { Manifest } from "../../src/migration/manifest.ts";

/** Compiles a directory of test/fixtures as somebody else's, whose hazards are warnings. Throws with every problem when one of its files is no migration. */
export async function fixtureManifest(name: string): Promise<Manifest> {
  const directory = new URL(`../fixtures/${name}`, import.meta.url).pathname;
  const compiled = await compileDirectory(directory, { isStrict: false });
  if ("problems" in compiled) throw new Error(compiled.problems.map((problem) => JSON.stringify(problem)).join("\n"));
  return compiled.manifest;
}
