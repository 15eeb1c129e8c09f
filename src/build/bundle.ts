// Bundles the function and the command line with esbuild. What goes into which bundle is decided here.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BuildOptions, build, type Plugin } from "esbuild";
import type { Manifest } from "../migration/manifest.ts";
import { rdsCertificatesPlugin } from "./rds-certificates.ts";
import { zipFiles } from "./zip.ts";

/** What a build leaves in `dist/`. */
const OUTPUTS = { functionBundle: "function/index.cjs", functionZip: "function.zip", cli: "hj" } as const;

/** Writes the function's bundle and zip, and the command line, with this manifest in both. */
export async function bundleAll(manifest: Manifest, root: string, dist: string): Promise<void> {
  const cli = { ...cliOptions(root), plugins: [manifestPlugin(manifest)], outdir: dist };
  await Promise.all([bundleFunction(manifest, root, dist), build(cli)]);
}

/** Writes the function's bundle and zip. Returns the path of the zip. */
export async function bundleFunction(manifest: Manifest, root: string, dist: string): Promise<string> {
  const outfile = join(dist, OUTPUTS.functionBundle);
  await build({ ...functionOptions(root), plugins: [manifestPlugin(manifest), rdsCertificatesPlugin()], outfile });
  const zip = join(dist, OUTPUTS.functionZip);
  await writeFile(zip, await zipFiles(dist, [[OUTPUTS.functionBundle, "index.cjs"]]));
  return zip;
}

/** CommonJS: with pg and the AWS SDK in it, it loads in two thirds of the time that an ES module takes. */
function functionOptions(root: string): BuildOptions {
  return {
    ...COMMON,
    absWorkingDir: root,
    entryPoints: ["src/lambda/entry.ts"],
    format: "cjs",
    minify: true,
    // The AWS SDK as modules: a third less of it is left than of its CommonJS files.
    mainFields: ["module", "main"],
    // The oldest runtime that the template offers.
    target: "node22",
    // pg asks for it in a try block; it is a compiled addon and not installed.
    external: ["pg-native"],
  };
}

/**
 * Packages stay outside: the command line runs where they are installed, and two of them bring binaries. Split, so that
 * what a command does not need is not loaded: in one file all packages would be imported at its top.
 */
function cliOptions(root: string): BuildOptions {
  return {
    ...COMMON,
    absWorkingDir: root,
    entryPoints: { [OUTPUTS.cli]: "src/cli/main.ts" },
    outExtension: { ".js": ".mjs" },
    chunkNames: "hj/[name]-[hash]",
    splitting: true,
    format: "esm",
    target: "node22",
    packages: "external",
    banner: { js: "#!/usr/bin/env node" },
  };
}

const COMMON = { bundle: true, platform: "node", charset: "utf8", legalComments: "none", logLevel: "warning" } as const;

function manifestPlugin(manifest: Manifest): Plugin {
  return {
    name: "hj-manifest",
    setup(building) {
      building.onResolve({ filter: /^hj:manifest$/ }, ({ path }) => ({ path, namespace: "hj-manifest" }));
      building.onLoad({ filter: /.*/, namespace: "hj-manifest" }, () => {
        // V8 parses a JSON string faster than the same object as code.
        const text = JSON.stringify(JSON.stringify(manifest));
        return { contents: `export const manifest = JSON.parse(${text});`, loader: "js" };
      });
    },
  };
}
