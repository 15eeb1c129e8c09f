// The build: compiles migrations/ to a manifest, bundles the function and the command line, zips the function.
// --if-stale: only when something that goes into it has changed since the last time.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundle } from "./src/build/bundle.ts";
import { compile } from "./src/build/compile.ts";
import { formatProblems } from "./src/build/format-problems.ts";
import { loadParser } from "./src/build/parse-sql.ts";
import { readDirectory } from "./src/build/read-directory.ts";
import { inputsHash, isFresh, markFresh } from "./src/build/stamp.ts";

const root = import.meta.dirname;
const dist = join(root, "dist");
const hash = await inputsHash(root);
if (!process.argv.includes("--if-stale") || !(await isFresh(dist, hash))) await buildAll();

async function buildAll() {
  await loadParser();
  const sources = await readDirectory(join(root, "migrations"));
  const manifest = "problems" in sources ? sources : compile(sources);
  if ("problems" in manifest) {
    process.stderr.write(`migrations/ does not compile:\n${formatProblems(manifest.problems)}\n`);
    process.exit(1);
  }
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist);
  await writeFile(join(dist, "manifest.json"), JSON.stringify(manifest, null, 2));
  await bundle(manifest, root, dist);
  await markFresh(dist, hash);
}
