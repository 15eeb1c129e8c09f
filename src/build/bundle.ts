// Bundles the command line with esbuild, and says what both bundles have in common. The function's is in bundle-function.ts.
import { join } from "node:path";
import { type BuildOptions, build, type Plugin } from "esbuild";
import type { Manifest } from "../migration/manifest.ts";

/** Writes `hj.mjs` and its parts into `dist`, with this manifest in it. */
export async function bundleCommandLine(manifest: Manifest, root: string, dist: string): Promise<void> {
  await build({ ...cliOptions(root), plugins: [manifestPlugin(manifest), ...driverPlugins(root)], outdir: dist });
}

/**
 * With its packages, but for the parser, which reads WebAssembly from beside itself: to find and read their files took a command a
 * fifth of a second. Split, so that what a command does not need is not loaded.
 */
function cliOptions(root: string): BuildOptions {
  return {
    ...COMMON,
    absWorkingDir: root,
    entryPoints: { hj: "src/cli/main.ts" },
    outExtension: { ".js": ".mjs" },
    chunkNames: "hj/[name]-[hash]",
    splitting: true,
    format: "esm",
    target: "node22",
    external: ["libpg-query", ...COMMON.external],
    // Packages in CommonJS ask for Node's own modules with a function that ES modules do not have.
    banner: {
      js: `#!/usr/bin/env node
import { createRequire as requireFrom } from "node:module";
const require = requireFrom(import.meta.url);`,
    },
  };
}

/** ASCII: one character beyond Latin-1 makes V8 hold the whole file with two bytes for each. */
export const COMMON = {
  bundle: true,
  platform: "node",
  charset: "ascii",
  // The AWS SDK as modules: a third less of it is left than of its CommonJS files.
  mainFields: ["module", "main"],
  // Only the SDK's code for browsers asks for a parser of their names.
  external: ["bowser"],
  legalComments: "none",
  logLevel: "warning",
} as const satisfies BuildOptions;

/** What is other about pg than in its package. */
export function driverPlugins(root: string): readonly Plugin[] {
  return [passwordProofPlugin(root), withoutAddonPlugin()];
}

/** Leaves out the driver's other half, for a compiled addon that is not there: pg asks for it when somebody reads `native`. */
function withoutAddonPlugin(): Plugin {
  return {
    name: "hj-without-addon",
    setup(building) {
      building.onResolve({ filter: /^\.\/native$/ }, ({ path, resolveDir }) =>
        /[\\/]pg[\\/]lib$/.test(resolveDir) ? { path, external: true } : null,
      );
    },
  };
}

/** Puts our own proof of a password in the place of pg's: password-proof.ts says why. */
function passwordProofPlugin(root: string): Plugin {
  return {
    name: "hj-password-proof",
    setup(building) {
      building.onResolve({ filter: /\/utils$/ }, ({ path, resolveDir }) => {
        const isPgs = /[\\/]pg[\\/]lib[\\/]crypto[\\/]utils$/.test(join(resolveDir, path));
        return isPgs ? { path: join(root, "src", "connection", "password-proof.ts") } : null;
      });
    },
  };
}

/** Puts the manifest where `hj:manifest` is imported. */
export function manifestPlugin(manifest: Manifest): Plugin {
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
