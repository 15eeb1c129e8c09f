// Compiles and lints any directories of migrations, and says what came of it: how the parser and the rules do on what other
// people have written. Changes nothing. Beside generate.ts, above the layers.
//   npm run corpus -- DIR...            a summary for each
//   npm run corpus -- --findings DIR... also every finding, with its place
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { compile } from "./src/build/compile.ts";
import { foresee, openHazards } from "./src/build/foresee.ts";
import { formatProblems } from "./src/build/format-problems.ts";
import { loadParser, parseSql } from "./src/build/parse-sql.ts";
import type { SourceFile } from "./src/build/read-directory.ts";
import { hazardsOf } from "./src/engine/gate.ts";
import type { Problem } from "./src/failure/problem.ts";
import { findRule } from "./src/hazards/rules.ts";
import { type Direction, parseFileName } from "./src/migration/file-name.ts";
import type { Manifest } from "./src/migration/manifest.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { findings: { type: "boolean" } },
});
if (positionals.length === 0) {
  process.stderr.write("Usage: npm run corpus -- [--findings] DIR...\n");
  process.exit(2);
}
await loadParser();
for (const directory of positionals) {
  const sources = await readTree(directory);
  print(directory, sources, judge(sources));
}

/** Also one folder a migration, as Prisma (`NAME/migration.sql`) and Diesel (`NAME/up.sql`) have them. */
async function readTree(directory: string): Promise<readonly SourceFile[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.toLowerCase().endsWith(".sql"));
  return Promise.all(
    files.map(async ({ parentPath, name }) => {
      const sql = new TextDecoder().decode(await readFile(join(parentPath, name)));
      const file = /^(?:up|down|migration)\.sql$/.test(name)
        ? `${basename(parentPath)}.${name.replace("migration.sql", "up.sql")}`
        : name;
      // 2019-02-26-002946_create_user: Diesel's versions have dashes.
      return { file: file.replace(/^[\d-]+(?=_)/, (version) => version.replaceAll("-", "")), sql };
    }),
  );
}

/** A file that does not compile is left out, and the rest is judged without it. */
function judge(sources: readonly SourceFile[]) {
  const first = compile(sources.filter(({ file }) => directionOf(file) !== "down"));
  const problems = "problems" in first ? first.problems : [];
  const bad = new Set(problems.map(({ file }) => file));
  const second = compile(sources.filter(({ file }) => directionOf(file) === "up" && !bad.has(file)));
  const manifest: Manifest = "problems" in second ? { manifestVersion: 1, hash: "", migrations: [] } : second;
  const refused = "problems" in second ? [...problems, ...second.problems] : problems;
  const startedAt = performance.now();
  const foreseen = foresee(manifest).manifest;
  return { refused, manifest: foreseen, lintMs: performance.now() - startedAt };
}

/** Null for a name that is none. */
function directionOf(file: string): Direction | null {
  const name = parseFileName(file);
  return name !== null && "direction" in name ? name.direction : null;
}

function print(
  directory: string,
  sources: readonly SourceFile[],
  { refused, manifest, lintMs }: ReturnType<typeof judge>,
): void {
  const { migrations } = manifest;
  const statements = migrations.reduce((sum, { up }) => sum + up.statements.length, 0);
  const lines = migrations.reduce((sum, { up }) => sum + up.sql.split("\n").length, 0);
  const downs = sources.filter(({ file }) => directionOf(file) === "down").length;
  const inexact = sources.filter(({ sql }) => !isSplitExactly(sql)).map(({ file }) => file);
  const [errors, warnings] = [openHazards(manifest, "error"), openHazards(manifest, "warning")];
  const rules = (["error", "warning"] as const).flatMap((level) =>
    migrations.flatMap((migration) => hazardsOf(migration, level).map(({ rule }) => rule)),
  );
  const out = [
    `${directory}`,
    `  ${sources.length} files: ${migrations.length} compiled, ${new Set(refused.map(({ file }) => file)).size} refused, ${downs} downs not judged`,
    `  ${statements} statements in ${lines} lines; files not split exactly: ${inexact.join(", ") || "none"}`,
    `  ${errors.length} errors and ${warnings.length} warnings, found in ${Math.round(lintMs)} ms with parsing`,
    ...byCount(rules.map((rule) => `${rule.padEnd(28)}  ${findRule(rule)?.title ?? ""}`)),
    ...(refused.length > 0 ? ["  refused:", ...byCount(refused.map(({ message }) => message))] : []),
    ...(values.findings ? [formatProblems([...refused, ...errors, ...warnings].map(withoutHint))] : []),
  ];
  process.stdout.write(`${out.join("\n")}\n`);
}

/**
 * Each piece is one statement by itself, and what lies between them is nothing but space, comments and semicolons. Also true
 * of what does not parse: it is not split.
 */
function isSplitExactly(sql: string): boolean {
  const statements = parseSql(sql);
  if ("offset" in statements) return true;
  const isOne = statements.every(({ text }) => {
    const alone = parseSql(text);
    return !("offset" in alone) && alone.length === 1;
  });
  const gaps = [...statements, { start: sql.length }].map(({ start }, index) =>
    sql.slice(statements[index - 1]?.end ?? 0, start),
  );
  const between = parseSql(gaps.join(""));
  return isOne && !("offset" in between) && between.length === 0;
}

function byCount(words: readonly string[]): readonly string[] {
  const counts = Map.groupBy(words, (word) => word);
  const sorted = [...counts].sort(([, a], [, b]) => b.length - a.length);
  return sorted.map(([word, all]) => `    ${String(all.length).padStart(5)}  ${word}`);
}

function withoutHint({ hint: _hint, ...problem }: Problem): Problem {
  return problem;
}
