// A directory of migrations, from disk to manifest.
import type { Problem, Refusal } from "../failure/problem.ts";
import { parseFileName } from "../migration/file-name.ts";
import type { Manifest } from "../migration/manifest.ts";
import { compile } from "./compile.ts";
import { foresee } from "./foresee.ts";
import { loadParser } from "./parse-sql.ts";
import { readDirectory } from "./read-directory.ts";

/** A manifest, and what is odd about its directory but no reason to refuse it. */
export interface CompiledDirectory {
  readonly manifest: Manifest;
  readonly findings: readonly Problem[];
}

/**
 * Every problem at once, but for hazards, which are in the manifest: what is applied already is nobody's danger, and only
 * a run knows what that is. They are errors with `isStrict` and warnings without. In a directory that was not made for this tool,
 * SQL files that no migration is called like, such as seed.sql, and downs that do not compile are left out with a finding; with `isStrict` they are problems.
 */
export async function compileDirectory(
  directory: string,
  { isStrict }: { readonly isStrict: boolean },
): Promise<CompiledDirectory | Refusal> {
  const findings: Problem[] = [];
  const sources = await readDirectory(directory, (file) => {
    const finding = isStrict ? null : misnamed(file);
    if (finding !== null) findings.push(finding);
    return finding === null;
  });
  if ("problems" in sources) return sources;
  await loadParser();
  const compiled = compile(sources);
  if (!("problems" in compiled)) return foreseen(compiled, [...findings, ...emptiness(directory, compiled)], isStrict);
  const brokenDowns = isStrict ? [] : compiled.problems.filter(({ file }) => isDown(file));
  if (brokenDowns.length === 0) return compiled;
  const manifest = compile(sources.filter(({ file }) => !brokenDowns.some((problem) => problem.file === file)));
  return "problems" in manifest ? compiled : foreseen(manifest, [...findings, ...brokenDowns.map(leftOut)], isStrict);
}

function foreseen(compiled: Manifest, findings: readonly Problem[], isStrict: boolean): CompiledDirectory | Refusal {
  const { manifest, problems } = foresee(compiled);
  if (problems.length > 0) return { problems };
  return { manifest: isStrict ? manifest : withWarningsOnly(manifest), findings };
}

function withWarningsOnly(manifest: Manifest): Manifest {
  const migrations = manifest.migrations.map(({ foreseen, ...migration }) => {
    const hazards = (foreseen?.hazards ?? []).map((hazard) => ({ ...hazard, level: "warning" as const }));
    return { ...migration, foreseen: foreseen && { ...foreseen, hazards } };
  });
  return { ...manifest, migrations };
}

/** A path that leads to the wrong place would otherwise be "up to date". */
function emptiness(directory: string, { migrations }: Manifest): readonly Problem[] {
  if (migrations.length > 0) return [];
  const hint = "Looked for are files such as 0001_name.up.sql in it, not in directories below it.";
  return [{ code: "FILE_IGNORED", file: directory, message: "holds no migrations", hint }];
}

function misnamed(file: string): Problem | null {
  const name = parseFileName(file);
  if (name === null || !("code" in name)) return null;
  return { ...name, code: "FILE_IGNORED", message: "is left out: it is no name of a migration" };
}

function isDown(file: string | undefined): boolean {
  const name = file === undefined ? null : parseFileName(file);
  return name !== null && "direction" in name && name.direction === "down";
}

function leftOut(problem: Problem): Problem {
  const hint = "This down is left out, and its migration treated as one without a way back.";
  return { ...problem, code: "FILE_IGNORED", hint };
}
