// Sets a scenario up: each tool's files in a directory of its own, and its database where something is applied before.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Contestant } from "./contestants.ts";
import { writeFunction } from "./hj-function.ts";
import type { SmallMigration } from "./migrations.ts";

/** More of them take minutes to try; their number alone is measured, and where nothing is applied nothing is verified. */
const REHEARSED = 1_000;

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
  if (contestant.kind === "ours") await writeFunction(directory, migrations.length <= REHEARSED);
}
