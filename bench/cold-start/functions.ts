// The functions that are started: the built one, and those that it is held against, bundled as plainly as esbuild does it.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";

/** A file that Lambda would load, whose handler is `handler`. */
export interface Contender {
  readonly name: string;
  readonly bundle: string;
}

const ROOT = join(import.meta.dirname, "..", "..");

/** Writes what is not there yet into a directory; the built function has to be. */
export async function writeFunctions(directory: string): Promise<readonly Contender[]> {
  await mkdir(join(directory, "migrations"));
  await writeFile(
    join(directory, "migrations", "1_account.sql"),
    "create table bench_account (id bigint primary key);",
  );
  const floor = join(directory, "floor-handler.cjs");
  const peer = join(directory, "node-pg-migrate-handler.mjs");
  await build({
    ...PLAINLY,
    entryPoints: [join(import.meta.dirname, "floor-handler.ts")],
    outfile: floor,
    format: "cjs",
  });
  await build({
    ...PLAINLY,
    entryPoints: [join(ROOT, "bench", "peers", "node-pg-migrate-handler.mjs")],
    outfile: peer,
    // It imports its migrations, and asks where it is itself.
    format: "esm",
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
  return [
    { name: "hj", bundle: join(ROOT, "dist", "function", "index.cjs") },
    { name: "floor", bundle: floor },
    { name: "node-pg-migrate 9.0.0", bundle: peer },
  ];
}

const PLAINLY: BuildOptions = {
  bundle: true,
  platform: "node",
  minify: true,
  mainFields: ["module", "main"],
  target: "node22",
  external: ["pg-native"],
  legalComments: "none",
  logLevel: "warning",
};
