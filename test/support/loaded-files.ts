// Which files a process has loaded: from V8's own coverage. https://nodejs.org/api/cli.html#node_v8_coveragedir
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Runs Node to its end, with a plain environment and these arguments. Returns the URLs of all that it loaded, Node's own too. */
export async function runAndList(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const directory = await mkdtemp(join(tmpdir(), "hj-coverage-"));
  try {
    const { PATH = "" } = process.env;
    await promisify(execFile)(process.execPath, args, { env: { PATH, ...env, NODE_V8_COVERAGE: directory } });
    const urls: string[] = [];
    for (const name of await readdir(directory)) {
      const { result } = JSON.parse(await readFile(join(directory, name), "utf8"));
      urls.push(...result.map(({ url }: { readonly url: string }) => url));
    }
    return urls;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The packages that these files are of, and those that esbuild has put into them: it names each file that it took. */
export async function packagesIn(urls: readonly string[]): Promise<ReadonlySet<string>> {
  const paths = urls.filter((url) => url.startsWith("file:")).map((url) => fileURLToPath(url));
  const taken = await Promise.all(
    paths.map(async (path) => (await readFile(path, "utf8")).match(/^\/\/ (?:\.\.\/)*node_modules\/.*$/gm) ?? []),
  );
  const names = [...paths, ...taken.flat()].map((path) => /.*\bnode_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return new Set(names.filter((name) => name !== undefined));
}
