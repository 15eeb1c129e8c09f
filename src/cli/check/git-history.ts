// What git knows of a directory of migrations at an earlier commit. Reads only.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { SourceFile } from "../../build/read-directory.ts";

const run = promisify(execFile);

/** Its SQL files as they were at `ref`. Throws a SyntaxError, with git's words, for what is no commit or no repository. */
export async function filesAt(directory: string, ref: string): Promise<readonly SourceFile[]> {
  try {
    // A branch called --output would be an option of git's.
    const commit = (
      await git(directory, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`])
    ).trim();
    const names = (await git(directory, ["ls-tree", "-z", "--name-only", commit, "./"])).split("\0");
    const files = names.map((name) => name.replace(/^\.\//, "")).filter((name) => name.toLowerCase().endsWith(".sql"));
    return await Promise.all(
      files.map(async (file) => ({ file, sql: await git(directory, ["show", `${commit}:./${file}`]) })),
    );
  } catch (error) {
    const { stderr = "", message } = error as Error & { stderr?: string };
    const [reason = ""] = (stderr || message).trim().split("\n");
    throw new SyntaxError(`--since ${ref}: ${stderr === "" ? "git knows no such commit" : reason}`, { cause: error });
  }
}

async function git(directory: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run("git", ["-C", directory, ...args], { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}
