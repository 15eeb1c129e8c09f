// Where the tools that are measured beside this one, and whose databases it adopts, are installed: a package apart from
// the product's, because nothing else needs them.
import { execFile } from "node:child_process";
import { copyFile, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";

/** The folder of their package, with the programs that call them. Their own commands are in `node_modules/.bin` there. */
export const PEERS = join(import.meta.dirname, "..", "..", "bench", "peers");

/** Installs them where they are missing, or not what the lock file names. */
export function installPeers(): Promise<void> {
  return installPackage(PEERS);
}

/** Installs what a folder's lock file names, unless it is there. */
export async function installPackage(folder: string): Promise<void> {
  const lock = join(folder, "package-lock.json");
  const installedFrom = join(folder, "node_modules", "installed-from-package-lock.json");
  const wanted = await readFile(lock);
  const present = await readFile(installedFrom).catch(() => null);
  if (present !== null && wanted.equals(present)) return;
  process.stderr.write(`Installing ${basename(folder)}...\n`);
  await promisify(execFile)("npm", ["ci", "--no-audit", "--no-fund"], { cwd: folder });
  await copyFile(lock, installedFrom);
}
