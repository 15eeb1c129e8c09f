// The file that a page is written to: refused before anything runs, and replaced in one step. Knows no report.
import { randomUUID } from "node:crypto";
import { access, constants, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import type { NoReport } from "./no-report.ts";

/** Null where a page can be written there. Leaves nothing behind. */
export async function unwritable(file: string): Promise<NoReport | null> {
  if (file === "") return misused("--html is empty");
  // A rename onto what is no file would take a device or a pipe away.
  if (file === "-") return misused("--html writes a file, and standard output has the report");
  try {
    const found = await foundAt(file);
    if (found?.isDirectory() || file.endsWith(sep)) return misused(`--html ${file} is a directory`);
    if (found !== null && !found.isFile()) return misused(`--html ${file} is no regular file`);
    if (found !== null) await access(file, constants.W_OK);
    // Rights, file systems and quotas all have a say: only writing tells.
    const probe = await besideOf(file);
    await writeFile(probe, "", { flag: "wx" });
    await rm(probe);
    return null;
  } catch (error) {
    return misused(`--html ${file} cannot be written: ${reasonOf(error)}`);
  }
}

/** Nobody ever sees half a page. Null where it is written; else why not. */
export async function replaceFile(file: string, text: string): Promise<NoReport | null> {
  const unfinished = await besideOf(file);
  try {
    await writeFile(unfinished, text, { flag: "wx" });
    await rename(unfinished, await targetOf(file));
    return null;
  } catch (error) {
    await rm(unfinished, { force: true });
    return {
      message: `the page could not be written to ${file}: ${reasonOf(error)}`,
      hint: "What is printed above is done all the same. hj report makes the page of a report that was saved with --json.",
      exitCode: 1,
    };
  }
}

async function foundAt(file: string) {
  try {
    return await stat(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** On the same file system, or the rename would be none. */
async function besideOf(file: string): Promise<string> {
  return join(dirname(await targetOf(file)), `.hj-report-${randomUUID()}`);
}

/** A link stays one, and what it leads to is replaced. */
function targetOf(file: string): Promise<string> {
  return realpath(file).catch(() => file);
}

/** Without the call and its path, which is that of a file nobody knows of. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.message.split(",", 1)[0] ?? "") : String(error);
}

function misused(message: string): NoReport {
  return { message, hint: "Nothing was done. Give a file in a directory that you may write to.", exitCode: 2 };
}
