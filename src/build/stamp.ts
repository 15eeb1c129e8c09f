// Tells whether a build is stale, by what its inputs contain: times of files say nothing after a checkout.
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";

const INPUTS = ["src", "migrations", "package-lock.json", "esbuild.config.mjs"];
const STAMP = "inputs.sha256";

/** SHA-256, in hex, over the names and contents of everything that goes into a build. */
export async function inputsHash(root: string): Promise<string> {
  const hash = createHash("sha256");
  for (const input of INPUTS) {
    for (const file of await filesBelow(join(root, input))) {
      const content = await readFile(file);
      hash.update(`${relative(root, file)}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest("hex");
}

/** True when `dist` was built from inputs with this hash. */
export async function isFresh(dist: string, hash: string): Promise<boolean> {
  return (await readFile(join(dist, STAMP), "utf8").catch(() => "")) === hash;
}

/** To be called last, when everything is written. */
export async function markFresh(dist: string, hash: string): Promise<void> {
  await writeFile(join(dist, STAMP), hash);
}

async function filesBelow(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => null);
  if (entries === null) return [path];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
