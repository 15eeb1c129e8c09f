// What git knows of a directory of migrations at an earlier commit. Reads only.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { SourceFile } from "../../build/read-directory.ts";

const run = promisify(execFile);
const MOST_BYTES = 256 * 1024 * 1024;

/** A file as it was. */
export interface EarlierFile extends SourceFile {
  /** False where it came after the histories parted: here it was not removed, it has not arrived. */
  readonly isShared: boolean;
}

/** Its SQL files as they were at `ref`. Throws a SyntaxError, with git's words, for what is no commit or no repository. */
export async function filesAt(directory: string, ref: string): Promise<readonly EarlierFile[]> {
  try {
    // A branch called --output would be an option of git's.
    const revision = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`];
    const commit = (await git(directory, revision)).trim();
    const files = await listFiles(directory, commit);
    const texts = await readBlobs(
      directory,
      files.map(({ id }) => id),
    );
    const shared = await sharedFiles(directory, commit);
    return files.map(({ file }, index) => {
      return { file, sql: texts[index] ?? "", isShared: shared?.has(file) ?? true };
    });
  } catch (error) {
    throw new SyntaxError(`--since ${ref}: ${reasonOf(error as Error & { code?: unknown; stderr?: unknown })}`, {
      cause: error,
    });
  }
}

function reasonOf({ code, stderr = "", message }: Error & { readonly code?: unknown; readonly stderr?: unknown }) {
  if (code === "ENOENT") return "git is not installed";
  const [reason = ""] = (`${stderr}` || message).trim().split("\n");
  return `${stderr}` === "" ? "git knows no such commit (in a shallow clone it has to be fetched first)" : reason;
}

async function listFiles(directory: string, commit: string) {
  const entries = (await git(directory, ["ls-tree", "-z", commit, "./"])).split("\0");
  return entries
    .flatMap((entry) => {
      const { id = "", file = "" } = /^\d+ blob (?<id>\w+)\t(?:\.\/)?(?<file>.+)$/s.exec(entry)?.groups ?? {};
      return id === "" ? [] : [{ id, file }];
    })
    .filter(({ file }) => file.toLowerCase().endsWith(".sql"));
}

/** What was there when the histories parted; null where they have nothing in common, or nobody knows. */
async function sharedFiles(directory: string, commit: string): Promise<ReadonlySet<string> | null> {
  const base = await git(directory, ["merge-base", commit, "HEAD"]).catch(() => null);
  return base === null ? null : new Set((await listFiles(directory, base.trim())).map(({ file }) => file));
}

/** By one process for all: a thousand of them take minutes. */
async function readBlobs(directory: string, ids: readonly string[]): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const args = ["-C", directory, "cat-file", "--batch"];
  const reading = run("git", args, { encoding: "buffer", maxBuffer: MOST_BYTES });
  // What ended before it has read all of it fails by its exit code.
  reading.child.stdin?.on("error", () => {}).end(`${ids.join("\n")}\n`);
  let rest = (await reading).stdout;
  return ids.map(() => {
    // `ID blob SIZE`, a line feed, the content, a line feed.
    const start = rest.indexOf("\n") + 1;
    const end = start + Number(rest.toString("latin1", 0, start).split(" ")[2]);
    const text = rest.toString("utf8", start, end);
    rest = rest.subarray(end + 1);
    return text;
  });
}

async function git(directory: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run("git", ["-C", directory, ...args], { maxBuffer: MOST_BYTES });
  return stdout;
}
