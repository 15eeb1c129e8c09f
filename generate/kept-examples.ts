// Keeps the examples until something changes that they are made of: a gate that is asked often must not take long.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { inputsHash } from "../src/build/stamp.ts";
import { examples } from "./examples.ts";
import type { Texts } from "./insertions.ts";

/** Builds the command line and runs the examples, unless the same build has been run before. */
export async function keptExamples(root: string): Promise<Texts> {
  const directory = join(root, "node_modules", ".cache", "hellojohn-examples");
  const file = join(directory, `${await keyOf(root)}.json`);
  const kept = await readFile(file, "utf8").catch(() => null);
  if (kept !== null) return new Map(JSON.parse(kept));
  await promisify(execFile)(process.execPath, ["esbuild.config.mjs", "--if-stale"], { cwd: root });
  const texts = await examples(root);
  await mkdir(directory, { recursive: true });
  await writeFile(file, JSON.stringify([...texts]));
  return texts;
}

/** Over the build's inputs, and over what runs it. */
async function keyOf(root: string): Promise<string> {
  const hash = createHash("sha256").update(await inputsHash(root));
  for (const file of (await readdir(import.meta.dirname)).sort())
    hash.update(await readFile(join(import.meta.dirname, file)));
  return hash.digest("hex");
}
