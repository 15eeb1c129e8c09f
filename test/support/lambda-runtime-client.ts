// Where aws-lambda-ric, AWS's own runtime client for Node, is installed: a package apart from the product's, because
// its install script compiles for 90 s, and because only tests need it.
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const HOME = join(import.meta.dirname, "../e2e/lambda-runtime");
const INSTALLED = join(HOME, "node_modules");
const LOCK = join(HOME, "package-lock.json");
const INSTALLED_FROM = "installed-from-package-lock.json";
/** Beside the product's dependencies: on the same file system, so that a rename is atomic, and ignored by every tool. */
const STAGING = join(import.meta.dirname, "../../node_modules/.cache");

/** What `node --require preload entry` needs to be a Lambda sandbox. Both are absolute paths. */
export interface RuntimeClient {
  readonly entry: string;
  readonly preload: string;
}

/**
 * Installs the runtime client if it is missing or not what the lock file names; a few milliseconds otherwise.
 *
 * Any number of processes may call it at once, and any of them may be killed: each installs elsewhere and moves the
 * finished folder into place. Call it in a global set-up to install only once, and to keep it out of test time-outs.
 */
export async function installRuntimeClient(): Promise<RuntimeClient> {
  if (!(await isInstalled())) await install();
  return {
    entry: join(INSTALLED, "aws-lambda-ric/index.mjs"),
    preload: join(HOME, "rapid-client-preload.cjs"),
  };
}

async function isInstalled(): Promise<boolean> {
  const wanted = await readFile(LOCK);
  const present = await readFile(join(INSTALLED, INSTALLED_FROM)).catch(() => null);
  return present !== null && wanted.equals(present);
}

async function install(): Promise<void> {
  await mkdir(STAGING, { recursive: true });
  const staging = await mkdtemp(join(STAGING, "lambda-runtime-"));
  try {
    for (const file of ["package.json", "package-lock.json", ".npmrc"])
      await copyFile(join(HOME, file), join(staging, file));
    await promisify(execFile)("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: staging });
    const fresh = join(staging, "node_modules");
    await copyFile(join(staging, "package-lock.json"), join(fresh, INSTALLED_FROM));
    await moveIntoPlace(fresh, join(staging, "replaced"));
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function moveIntoPlace(fresh: string, replaced: string): Promise<void> {
  // Looked at again: another process may have finished meanwhile, and sandboxes may already run from its folder.
  if (await isInstalled()) return;
  await rename(INSTALLED, replaced).catch(ignore("ENOENT"));
  await rename(fresh, INSTALLED).catch(ignore("ENOTEMPTY", "EEXIST"));
}

function ignore(...codes: string[]): (error: NodeJS.ErrnoException) => void {
  return (error) => {
    if (!codes.includes(error.code ?? "")) throw error;
  };
}
