// Where the tools that are measured beside this one, and whose databases it adopts, are installed: a package apart from
// the product's, because nothing else needs them.
import { execFile } from "node:child_process";
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** The folder of their package, with the programs that call them. Their own commands are in `node_modules/.bin` there. */
export const PEERS = join(import.meta.dirname, "..", "..", "bench", "peers");

const LOCK = join(PEERS, "package-lock.json");
const INSTALLED_FROM = join(PEERS, "node_modules", "installed-from-package-lock.json");

/** Installs them where they are missing, or not what the lock file names. */
export async function installPeers(): Promise<void> {
  const wanted = await readFile(LOCK);
  const present = await readFile(INSTALLED_FROM).catch(() => null);
  if (present !== null && wanted.equals(present)) return;
  process.stderr.write("Installing the tools of bench/peers...\n");
  await promisify(execFile)("npm", ["ci", "--no-audit", "--no-fund"], { cwd: PEERS });
  await copyFile(LOCK, INSTALLED_FROM);
}
