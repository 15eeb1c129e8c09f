// A directory of migrations, from disk to manifest.
import type { Problem, Refusal } from "../failure/problem.ts";
import { parseFileName } from "../migration/file-name.ts";
import type { Manifest } from "../migration/manifest.ts";
import { compile } from "./compile.ts";
import { loadParser } from "./parse-sql.ts";
import { readDirectory } from "./read-directory.ts";

/** A manifest, and what is odd about its directory but no reason to refuse it. */
export interface CompiledDirectory {
  readonly manifest: Manifest;
  readonly findings: readonly Problem[];
}

/**
 * Every problem at once. In a directory that was not made for this tool, SQL files that no migration is called like,
 * such as seed.sql, are left out with a finding; with `isStrict` they are problems.
 */
export async function compileDirectory(
  directory: string,
  { isStrict }: { readonly isStrict: boolean },
): Promise<CompiledDirectory | Refusal> {
  const findings: Problem[] = [];
  const sources = await readDirectory(directory, (file) => {
    const finding = isStrict ? null : leftOut(file);
    if (finding !== null) findings.push(finding);
    return finding === null;
  });
  if ("problems" in sources) return sources;
  await loadParser();
  const manifest = compile(sources);
  return "problems" in manifest ? manifest : { manifest, findings };
}

function leftOut(file: string): Problem | null {
  const name = parseFileName(file);
  if (name === null || !("code" in name)) return null;
  return { ...name, code: "FILE_IGNORED", message: "is left out: it is no name of a migration" };
}
