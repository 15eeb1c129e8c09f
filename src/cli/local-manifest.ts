// The migrations that a local command is about: the built-in ones, or a directory compiled on the fly.

import { manifest as builtIn } from "hj:manifest";
import { homedir } from "node:os";
import { join } from "node:path";
import type { CompiledDirectory } from "../build/compile-directory.ts";
import type { Refusal } from "../failure/problem.ts";

/**
 * The parser is loaded only for a directory, and only `needsSnapshot` starts a PostgreSQL to try it on: once for the same
 * migrations, for what comes of it is kept in the user's cache.
 */
export async function loadManifest(
  directory: string | undefined,
  { isStrict, needsSnapshot }: { readonly isStrict: boolean; readonly needsSnapshot: boolean },
): Promise<CompiledDirectory | Refusal> {
  if (directory === undefined) return { manifest: builtIn, findings: [] };
  const { compileDirectory } = await import("../build/compile-directory.ts");
  const compiled = await compileDirectory(directory, { isStrict });
  return "problems" in compiled || !needsSnapshot ? compiled : withSnapshot(compiled);
}

async function withSnapshot({ manifest, findings }: CompiledDirectory): Promise<CompiledDirectory | Refusal> {
  const [{ rehearsed }, { connectTo }] = await Promise.all([
    import("../build/rehearsal.ts"),
    import("../connection/connect-to.ts"),
  ]);
  try {
    const result = await rehearsed(manifest, { connectTo, cacheDirectory: cacheDirectory() });
    return "problems" in result ? result : { manifest: result, findings };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `the migrations could not be tried on an empty PostgreSQL: ${reason}`;
    return { manifest, findings: [...findings, { code: "NOT_AVAILABLE", message }] };
  }
}

/** Null for an account that has no home, such as any number that a container is run as. */
function cacheDirectory(): string | null {
  try {
    return join(homedir(), ".cache", "hellojohn-migration-hook");
  } catch {
    return null;
  }
}
