// Bundles the function: one file for what every invocation needs, and a part for each thing that only some do, such as the
// client of one caller. V8 reads a file as a whole before it runs a line of it, so what is not needed is not in the way.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { type BuildOptions, build, transform } from "esbuild";
import type { Manifest } from "../migration/manifest.ts";
import { COMMON, driverPlugins, manifestPlugin } from "./bundle.ts";
import { rdsCertificatesPlugin } from "./rds-certificates.ts";
import { zipFiles } from "./zip.ts";

/** Writes `dist/function/` and `dist/function.zip`, whose handler is `index.handler`. Returns the path of the zip. */
export async function bundleFunction(manifest: Manifest, root: string, dist: string): Promise<string> {
  const directory = join(dist, "function");
  const { outputFiles } = await build({
    ...functionOptions(root, directory),
    plugins: [manifestPlugin(manifest), ...driverPlugins(root), rdsCertificatesPlugin()],
  });
  for (const { path, text } of outputFiles) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, await asCommonJs(text));
  }
  const zip = join(dist, "function.zip");
  await writeFile(
    zip,
    await zipFiles(
      directory,
      outputFiles.map(({ path }) => relative(directory, path)),
    ),
  );
  return zip;
}

/**
 * As ES modules, because only those are split, and only split modules lose what nobody imports of them: a module that
 * CommonJS loads later is kept whole, which for AWS's clients is twice as much.
 */
function functionOptions(root: string, outdir: string) {
  return {
    ...COMMON,
    absWorkingDir: root,
    entryPoints: { index: "src/lambda/entry.ts" },
    outdir,
    outExtension: { ".js": ".cjs" },
    chunkNames: "parts/[name]-[hash]",
    splitting: true,
    format: "esm",
    minify: true,
    target: TARGET,
    write: false,
  } as const satisfies BuildOptions;
}

/** The oldest runtime that the template offers. */
const TARGET = "node22";

/** With pg and the AWS SDK in it, CommonJS loads in two thirds of the time that ES modules take. */
async function asCommonJs(module: string): Promise<string> {
  const { code } = await transform(module, {
    format: "cjs",
    platform: "node",
    target: TARGET,
    minify: true,
    charset: COMMON.charset,
    // A part is loaded with require, too.
    supported: { "dynamic-import": false },
  });
  return code;
}
