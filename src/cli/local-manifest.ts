// The migrations that a local command is about: the built-in ones, or a directory compiled on the fly.
import { manifest as builtIn } from "hj:manifest";
import type { CompiledDirectory } from "../build/compile-directory.ts";
import type { Refusal } from "../failure/problem.ts";

/** The parser is loaded only for a directory. */
export async function loadManifest(
  directory: string | undefined,
  isStrict: boolean,
): Promise<CompiledDirectory | Refusal> {
  if (directory === undefined) return { manifest: builtIn, findings: [] };
  const { compileDirectory } = await import("../build/compile-directory.ts");
  return compileDirectory(directory, { isStrict });
}
