// The build: compiles a directory of migrations to a manifest, bundles the function and the command line with it, zips
// the function.
//   --if-stale   only when something that goes into it has changed since the last time
//   --dir DIR    package these migrations instead of HelloJohn's, into dist-package/, without a command line
//   --strict     refuse DIR for what would only be a warning
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bundleCommandLine } from "./src/build/bundle.ts";
import { bundleFunction } from "./src/build/bundle-function.ts";
import { compileDirectory } from "./src/build/compile-directory.ts";
import { openHazards } from "./src/build/foresee.ts";
import { formatProblems } from "./src/build/format-problems.ts";
import { rehearsed } from "./src/build/rehearsal.ts";
import { inputsHash, isFresh, markFresh } from "./src/build/stamp.ts";
import { connectTo } from "./src/connection/connect-to.ts";

const options = readOptions();
const root = import.meta.dirname;
const rehearsal = { connectTo, cacheDirectory: join(root, "node_modules", ".cache", "hellojohn-rehearsals") };
if (options.dir === undefined) await buildProduct();
else await buildPackage(options.dir);

function readOptions() {
  try {
    return parseArgs({
      options: { "if-stale": { type: "boolean" }, dir: { type: "string" }, strict: { type: "boolean" } },
    }).values;
  } catch (error) {
    process.stderr.write(`Error: ${error.message}\n`);
    process.exit(2);
  }
}

async function buildProduct() {
  const dist = join(root, "dist");
  const hash = await inputsHash(root);
  if (options["if-stale"] && (await isFresh(dist, hash))) return;
  const safe = gated(await compiled(join(root, "migrations"), true));
  const manifest = shippable("migrations/", await rehearsed(safe, rehearsal));
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist);
  await writeManifest(manifest, dist);
  await Promise.all([bundleFunction(manifest, root, dist), bundleCommandLine(manifest, root, dist)]);
  await markFresh(dist, hash);
}

async function buildPackage(directory) {
  const foreign = await compiled(resolve(directory), options.strict ?? false);
  // Whether one of them stops a run depends on what is applied by then, so the function decides.
  tell([...openHazards(foreign, "error"), ...openHazards(foreign, "warning")]);
  const manifest = shippable(directory, await tried(foreign));
  const dist = join(root, "dist-package");
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist);
  await writeManifest(manifest, dist);
  const zip = await bundleFunction(manifest, root, dist);
  process.stdout.write(`${zip}: ${manifest.migrations.length} migrations of ${directory}\n`);
  process.stdout.write(`ManifestHash: ${manifest.hash}\n`);
}

/** A schema that depends on when contract migrations are applied is wrong in somebody's database. */
function shippable(directory, result) {
  if (!("problems" in result)) return result;
  process.stderr.write(`${directory} cannot be shipped:\n${formatProblems(result.problems)}\n`);
  process.exit(1);
}

/** Without a server, or for migrations that need more than an empty one, `validate` is lost, and the proof of their order. */
async function tried(manifest) {
  try {
    return await rehearsed(manifest, rehearsal);
  } catch (error) {
    process.stderr.write(`Warning: validate will not be available in this function: ${error.message}\n`);
    if (manifest.migrations.some(({ contractAfter }) => contractAfter !== null))
      process.stderr.write("Warning: whether the order of its contract migrations matters could not be tried\n");
    return manifest;
  }
}

/** Its hash is what a custom resource of CloudFormation names this build by. */
function writeManifest(manifest, dist) {
  return writeFile(join(dist, "manifest.json"), JSON.stringify(manifest, null, 2));
}

/** HelloJohn's own are not shipped with a hazard that nobody has allowed. */
function gated(manifest) {
  const errors = openHazards(manifest, "error");
  tell([...errors, ...openHazards(manifest, "warning")]);
  if (errors.length > 0) process.exit(1);
  return manifest;
}

function tell(problems) {
  if (problems.length > 0) process.stderr.write(`${formatProblems(problems)}\n`);
}

async function compiled(directory, isStrict) {
  const result = await compileDirectory(directory, { isStrict });
  if (!("problems" in result)) {
    tell(result.findings);
    return result.manifest;
  }
  process.stderr.write(`${directory} does not compile:\n${formatProblems(result.problems)}\n`);
  process.exit(1);
}
