// Runs the built command line in a process of its own, as a person or a script does.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { CLI, ROOT } from "./built-product.ts";

/** What a finished process left. */
export interface Finished {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

export interface CommandLineOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** For standard input; without it there is none. */
  readonly stdin?: string;
}

/** Only `env` and the path reach the process: the machine's own settings must not decide a test. */
export function startHj(args: readonly string[], options: CommandLineOptions = {}): ChildProcess {
  const env = { PATH: process.env["PATH"] ?? "", NO_COLOR: "1", HOME, ...options.env };
  return spawn(process.execPath, [CLI, ...args], { env, cwd: options.cwd, stdio: "pipe" });
}

/** What is kept of migrations that were tried is not the user's, and not tried again by the next test. */
const HOME = join(ROOT, "node_modules", ".cache", "test-home");

/** Starts `hj` and waits for its end. */
export async function hj(args: readonly string[], options: CommandLineOptions = {}): Promise<Finished> {
  const child = startHj(args, options);
  child.stdin?.end(options.stdin ?? "");
  return finished(child);
}

/** Waits for the end of a process that was started with startHj. */
export async function finished(child: ChildProcess): Promise<Finished> {
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.on("close", resolve);
  child.on("error", reject);
  if (child.stdout === null || child.stderr === null) throw new TypeError("started without pipes");
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), promise]);
  return { stdout, stderr, exitCode };
}
