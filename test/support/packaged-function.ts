// The function with migrations of a test's own, bundled as `npm run package` does it.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleFunction } from "../../src/build/bundle-function.ts";
import { ROOT } from "./built-product.ts";
import { manifestOf } from "./manifest.ts";

/** `bundle` is what `startLambda` takes; it is there until `remove()`. */
export interface PackagedFunction {
  readonly bundle: string;
  remove(): Promise<void>;
}

/** `files` as they would lie in a directory. The parser has to be loaded. */
export async function packageFunction(files: Readonly<Record<string, string>>): Promise<PackagedFunction> {
  const directory = await mkdtemp(join(tmpdir(), "hj-function-"));
  await bundleFunction(manifestOf(files), ROOT, directory);
  return {
    bundle: join(directory, "function", "index.cjs"),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
