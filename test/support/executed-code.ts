// Which parts of a bundle were executed by a process: from V8's own coverage, so that it holds for one file that has
// everything in it. https://nodejs.org/api/cli.html#node_v8_coveragedir
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly Range[] }[];
}

/** What a process has executed. */
export interface Executed {
  readonly stdout: string;
  /** Of every file that was loaded. */
  readonly urls: readonly string[];
  /** True when the innermost block around this text, which has to be in the file, has run. */
  readonly hasRun: (file: string, text: string) => Promise<boolean>;
}

/** Runs Node to its end, with a plain environment and these arguments. */
export async function runCovered(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Executed> {
  const directory = await mkdtemp(join(tmpdir(), "hj-coverage-"));
  try {
    const { PATH = "" } = process.env;
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      env: { PATH, ...env, NODE_V8_COVERAGE: directory },
    });
    const scripts: ScriptCoverage[] = [];
    for (const name of await readdir(directory)) {
      scripts.push(...JSON.parse(await readFile(join(directory, name), "utf8")).result);
    }
    return { stdout, urls: scripts.map(({ url }) => url), hasRun: (file, text) => hasRun(scripts, file, text) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function hasRun(scripts: readonly ScriptCoverage[], file: string, text: string): Promise<boolean> {
  const offset = (await readFile(file, "utf8")).indexOf(text);
  if (offset === -1) throw new Error(`${text} is not in ${file}`);
  const script = scripts.find(({ url }) => url.endsWith(file));
  const around = (script?.functions ?? [])
    .flatMap(({ ranges }) => ranges)
    .filter(({ startOffset, endOffset }) => startOffset <= offset && offset < endOffset)
    .sort((one, other) => one.endOffset - one.startOffset - (other.endOffset - other.startOffset));
  return (around[0]?.count ?? 0) > 0;
}
