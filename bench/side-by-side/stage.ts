// Sets a scenario up: each tool's files in a directory of its own, and its database where something is applied before.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { compileDirectory } from "../../src/build/compile-directory.ts";
import { rehearsed } from "../../src/build/rehearsal.ts";
import { connectTo } from "../../src/connection/connect-to.ts";
import type { Contestant } from "./contestants.ts";
import type { SmallMigration } from "./migrations.ts";

const CACHE = join(import.meta.dirname, "..", "..", "node_modules", ".cache", "hellojohn-rehearsals");

/** Writes what the tool finds in its directory. */
export async function writeFiles(
  contestant: Contestant,
  migrations: readonly SmallMigration[],
  directory: string,
): Promise<void> {
  for (const [path, content] of Object.entries(contestant.files(migrations))) {
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  if (contestant.kind === "ours") await writeManifest(directory, migrations.length <= REHEARSED);
}

/** More of them take minutes to try; their number alone is measured, and nothing is verified where nothing is applied. */
const REHEARSED = 1_000;

/** As `npm run package -- --dir` puts it into the function: compiled, and tried on an empty PostgreSQL. */
async function writeManifest(directory: string, isRehearsed: boolean): Promise<void> {
  const compiled = await compileDirectory(join(directory, "migrations"), { isStrict: false });
  if ("problems" in compiled) throw new Error(JSON.stringify(compiled.problems));
  const manifest = isRehearsed
    ? await rehearsed(compiled.manifest, { connectTo, cacheDirectory: CACHE })
    : compiled.manifest;
  if ("problems" in manifest) throw new Error(JSON.stringify(manifest.problems));
  await writeFile(join(directory, "manifest.json"), JSON.stringify(manifest));
}
