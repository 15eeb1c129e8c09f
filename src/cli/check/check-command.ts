// `hj migrations check`: for authors and their CI. Reads a directory, tries it on a PostgreSQL of its own, prints.
import { opendir } from "node:fs/promises";
import { join, relative } from "node:path";
import { compileDirectory } from "../../build/compile-directory.ts";
import { readDirectory } from "../../build/read-directory.ts";
import { rehearsed } from "../../build/rehearsal.ts";
import { onScratchServer } from "../../build/scratch-server.ts";
import { connectTo } from "../../connection/connect-to.ts";
import { type Trial, tryMigrations } from "../../engine/trial.ts";
import type { Problem } from "../../failure/problem.ts";
import type { Manifest, Migration } from "../../migration/manifest.ts";
import type { ExitCode } from "../exit-code.ts";
import { exitOnInterrupt } from "../interrupt.ts";
import { styleFor } from "../render/style.ts";
import { type CheckFinding, type CheckResult, checkResult, findingOf } from "./check-result.ts";
import { filesAt } from "./git-history.ts";
import { renderAnnotations } from "./render-annotations.ts";
import { renderCheck } from "./render-check.ts";
import { since } from "./since.ts";

/** The flags of the command, as commander hands them over. */
export interface CheckFlags {
  readonly dir: string;
  readonly since?: string;
  readonly format: "text" | "json" | "github";
  /** False with --no-database. */
  readonly database: boolean;
}

/** 1 where an error was found, 0 for warnings too. Throws a SyntaxError for what was asked wrongly. */
export async function checkCommand(flags: CheckFlags): Promise<ExitCode> {
  const directory = await opendir(flags.dir).catch((cause: Error) => {
    throw new SyntaxError(`--dir ${flags.dir} cannot be read: ${cause.message}`, { cause });
  });
  await directory.close();
  // By exiting, not by the signal: what is tried on is removed then.
  const release = exitOnInterrupt(process, () => "Stopped: nothing was checked to its end.");
  try {
    const result = await check(flags);
    process.stdout.write(render(result, flags));
    return result.ok ? 0 : 1;
  } finally {
    release();
  }
}

async function check({ dir, since: ref, database }: CheckFlags): Promise<CheckResult> {
  const compiled = await compileDirectory(dir, { isStrict: true });
  if ("problems" in compiled) return checkResult(dir, [], [], [], await located(dir, compiled.problems));
  const { manifest, findings } = compiled;
  const { fresh, problems } =
    ref === undefined
      ? { fresh: manifest.migrations, problems: [] }
      : since(manifest.migrations, await filesAt(dir, ref));
  // All that is odd about a directory that compiles strictly is that it is empty: a check that looked at nothing is not passed.
  const told = [...findings, ...problems].map((problem) => findingOf(problem));
  const tried = database && fresh.length > 0 ? await tryAll(manifest, fresh) : { trials: [], findings: [] };
  return checkResult(dir, manifest.migrations, fresh, tried.trials, [...told, ...tried.findings]);
}

async function tryAll(
  manifest: Manifest,
  fresh: readonly Migration[],
): Promise<{ readonly trials: readonly Trial[]; readonly findings: readonly CheckFinding[] }> {
  const isTried = ({ version }: Migration) => fresh.some((migration) => migration.version === version);
  try {
    const trials = await onScratchServer((url) =>
      tryMigrations(manifest, { schema: "public", journal: "hj_migration", connect: connectTo(url) }, isTried),
    );
    // One that fails in the order of versions is told by its trial.
    if (trials.some(({ failure }) => failure !== null)) return { trials, findings: [] };
    return { trials, findings: await orderFindings(manifest) };
  } catch (error) {
    const message = `the migrations could not be tried: ${error instanceof Error ? error.message : String(error)}`;
    const hint = "--no-database asks only the rules.";
    return { trials: [], findings: [findingOf({ code: "NOT_AVAILABLE", message, hint })] };
  }
}

/** A contract migration is met by databases in two orders, and has to make the same of both. */
async function orderFindings(manifest: Manifest): Promise<readonly CheckFinding[]> {
  if (manifest.migrations.every(({ contractAfter }) => contractAfter === null)) return [];
  const result = await rehearsed(manifest, { connectTo, cacheDirectory: null });
  if (!("problems" in result)) return [];
  const sqlOf = (file: string) => manifest.migrations.find(({ up }) => up.file === file)?.up.sql ?? null;
  return result.problems.map((problem) => findingOf(problem, sqlOf));
}

/** Problems with the lines that they are about. */
async function located(directory: string, problems: readonly Problem[]): Promise<readonly CheckFinding[]> {
  const sources = await readDirectory(directory);
  const texts = new Map("problems" in sources ? [] : sources.map(({ file, sql }) => [file, sql]));
  return problems.map((problem) => findingOf(problem, (file) => texts.get(file) ?? null));
}

function render(result: CheckResult, { format, dir }: CheckFlags): string {
  switch (format) {
    case "json":
      return `${JSON.stringify(result, null, 2)}\n`;
    case "github":
      return renderAnnotations(result, (file) => relative(process.cwd(), file === dir ? dir : join(dir, file)));
    case "text":
      return renderCheck(result, styleFor(process.stdout));
  }
}
