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
import type { Problem } from "./src/failure/problem.ts";
import { parseFileName } from "./src/migration/file-name.ts";
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
      const sql = await readFile(join(parentPath, name), "utf8");
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
  const named = sources.filter(({ file }) => isUp(file));
  const first = compile(named);
  const refused = "problems" in first ? first.problems : [];
  const bad = new Set(refused.map(({ file }) => file));
  const second = compile(named.filter(({ file }) => !bad.has(file)));
  const manifest: Manifest = "problems" in second ? { manifestVersion: 1, hash: "", migrations: [] } : second;
  const startedAt = performance.now();
  const foreseen = foresee(manifest).manifest;
  return { refused, manifest: foreseen, lintMs: performance.now() - startedAt };
}

function isUp(file: string): boolean {
  const name = parseFileName(file);
  return name !== null && "direction" in name && name.direction === "up";
}

function print(
  directory: string,
  sources: readonly SourceFile[],
  { refused, manifest, lintMs }: ReturnType<typeof judge>,
): void {
  const { migrations } = manifest;
  const sql = migrations.map(({ up }) => up.sql);
  const statements = migrations.reduce((sum, { up }) => sum + up.statements.length, 0);
  const lines = sql.reduce((sum, text) => sum + text.split("\n").length, 0);
  const inexact = migrations.filter(({ up }) => !isSplitExactly(up.sql, up.statements)).map(({ up }) => up.file);
  const findings = [...openHazards(manifest, "error"), ...openHazards(manifest, "warning")];
  const out = [
    `${directory}`,
    `  ${sources.length} files, ${migrations.length} ups compiled, ${new Set(refused.map(({ file }) => file)).size} refused`,
    `  ${statements} statements in ${lines} lines; files not split exactly: ${inexact.join(", ") || "none"}`,
    `  ${findings.length} findings in ${Math.round(lintMs)} ms (parsing included)`,
    ...byCount(findings.map(({ message }) => /\(([a-z0-9-]+)\)$/.exec(message)?.[1] ?? "?")),
    ...(refused.length > 0 ? ["  refused:", ...byCount(refused.map(({ message }) => message))] : []),
    ...(values.findings ? [formatProblems([...refused, ...findings].map(withoutHint))] : []),
  ];
  process.stdout.write(`${out.join("\n")}\n`);
}

/** Each piece is one statement by itself, and between them is nothing but space, comments and semicolons. */
function isSplitExactly(sql: string, statements: readonly { readonly start: number; readonly end: number }[]): boolean {
  let rest = sql;
  for (const { start, end } of statements.toReversed()) {
    const alone = parseSql(sql.slice(start, end));
    if ("offset" in alone || alone.length !== 1) return false;
    rest = rest.slice(0, start) + rest.slice(end);
  }
  const left = parseSql(rest);
  return !("offset" in left) && left.length === 0;
}

function byCount(words: readonly string[]): readonly string[] {
  const counts = Map.groupBy(words, (word) => word);
  const sorted = [...counts].sort(([, a], [, b]) => b.length - a.length);
  return sorted.map(([word, all]) => `    ${String(all.length).padStart(5)}  ${word}`);
}

function withoutHint({ hint: _hint, ...problem }: Problem): Problem {
  return problem;
}
