// Where a server keeps its data and its superuser's password, and how both come into being. Runs no server.
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { access, chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import type { Binaries } from "./binaries.ts";
import { assertOwnDirectory, canReach, giveTo, serverAccount, temporaryPath } from "./unprivileged.ts";

/** One directory with everything that belongs to a server, so that it appears and disappears as a whole. */
export interface Cluster {
  /** Where it really is, which for root need not be where it was wanted. */
  readonly directory: string;
  /** What PostgreSQL calls the data directory. */
  readonly dataDirectory: string;
  readonly logFile: string;
  /** Of the superuser `postgres`. */
  readonly password: string;
}

/** Opens the cluster in `wanted`, creating it when that directory is missing or empty. */
export async function openCluster(wanted: string, binaries: Binaries, durable: boolean): Promise<Cluster> {
  const directory = await placeCluster(wanted);
  if (!(await isCluster(directory))) await createCluster(directory, binaries, durable);
  await assertOwnDirectory(directory);
  if (!(await isCluster(directory))) {
    throw new Error(`${directory} holds files but no PostgreSQL data. Give an empty directory for the data.`);
  }
  const password = await readFile(passwordFileIn(directory), "utf8");
  return { directory, dataDirectory: dataIn(directory), logFile: join(directory, "server.log"), password };
}

/**
 * The place itself, unless this is root and the server's account cannot get there (a checkout under /root): then one
 * under the system's temporary directory that is the same for every start.
 */
async function placeCluster(wanted: string): Promise<string> {
  const parent = dirname(resolve(wanted));
  await mkdir(parent, { recursive: true });
  const account = serverAccount();
  if (await canReach(account, parent)) return resolve(wanted);
  const key = createHash("sha256").update(resolve(wanted)).digest("hex").slice(0, 16);
  return temporaryPath(account, `hj-embedded-${key}`);
}

/** Appears under its name only when complete; of two that create it at once, one wins and both use that one. */
async function createCluster(directory: string, binaries: Binaries, durable: boolean): Promise<void> {
  const unfinished = await mkdtemp(`${directory}.new-`);
  try {
    await initialise(unfinished, binaries, durable);
    await rename(unfinished, directory).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST" && !(await isCluster(directory))) throw error;
    });
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr?.trim() || (cause as Error).message;
    throw new Error(`PostgreSQL's data could not be created in ${directory}: ${said}`, { cause });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function initialise(directory: string, binaries: Binaries, durable: boolean): Promise<void> {
  const account = serverAccount();
  // Others may pass but not look or write; what is inside belongs to the server's account alone.
  await chmod(directory, 0o711);
  await mkdir(dataIn(directory));
  await giveTo(account, dataIn(directory), 0o700);
  await writeFile(passwordFileIn(directory), randomBytes(18).toString("base64url"), { mode: 0o600 });
  await giveTo(account, passwordFileIn(directory), 0o600);
  const options = [
    `--pgdata=${dataIn(directory)}`,
    "--username=postgres",
    `--pwfile=${passwordFileIn(directory)}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--no-locale",
    ...(durable ? [] : ["--no-sync"]),
  ];
  // Not in the directory of this process, which the server's account may not be allowed to enter.
  await promisify(execFile)(binaries.initdb, options, { ...account, cwd: directory });
}

function dataIn(directory: string): string {
  return join(directory, "data");
}

function passwordFileIn(directory: string): string {
  return join(directory, "password");
}

async function isCluster(directory: string): Promise<boolean> {
  return access(join(dataIn(directory), "PG_VERSION")).then(
    () => true,
    () => false,
  );
}
