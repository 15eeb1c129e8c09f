// Writes the files that are generated from code and migrations, or with --check says which of them are stale. Beside
// esbuild.config.mjs, above the layers: it brings the build and a connection together.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as z from "zod";
import { cliDocument } from "./generate/cli-document.ts";
import { decisionsList } from "./generate/decisions.ts";
import { withInsertions } from "./generate/insertions.ts";
import { keptExamples } from "./generate/kept-examples.ts";
import { compileDirectory } from "./src/build/compile-directory.ts";
import { formatProblems } from "./src/build/format-problems.ts";
import { rehearsed } from "./src/build/rehearsal.ts";
import { schemaDiagram } from "./src/build/schema-diagram.ts";
import { connectTo } from "./src/connection/connect-to.ts";
import { reportSchema } from "./src/engine/report-schema.ts";
import { codeDocument } from "./src/failure/code-document.ts";
import { hazardDocument } from "./src/hazards/hazard-document.ts";
import { RULES } from "./src/hazards/rules.ts";

const root = import.meta.dirname;
const examples = await keptExamples(root);
const texts = new Map([...examples, ["decisions", await decisionsList(root)]]);

/** Path from the root, and what has to be in it. */
const generated: readonly (readonly [path: string, content: string])[] = [
  ["docs/report.schema.json", `${JSON.stringify(z.toJSONSchema(reportSchema), null, 2)}\n`],
  ["docs/schema.md", schemaDiagram(await rehearsedMigrations())],
  ["docs/hazards.md", hazardDocument(RULES)],
  ["docs/failure-codes.md", codeDocument()],
  ["docs/cli.md", cliDocument(examples)],
  ...(await Promise.all(["README.md", "docs/operations.md", "docs/decisions/README.md"].map(inserted))),
];

const stale: string[] = [];
for (const [path, content] of generated) {
  const file = join(root, path);
  if ((await readFile(file, "utf8").catch(() => null)) === content) continue;
  stale.push(path);
  if (process.argv.includes("--check")) continue;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}
if (process.argv.includes("--check") && stale.length > 0) {
  process.stderr.write(`Stale: ${stale.join(", ")}. Run: npm run generate\n`);
  process.exitCode = 1;
}

/** A document that people write, with the program's words where it has markers for them. */
async function inserted(path: string): Promise<readonly [path: string, content: string]> {
  return [path, withInsertions(await readFile(join(root, path), "utf8"), texts)];
}

/** The cache is the build's: what one has rehearsed the other need not. */
async function rehearsedMigrations() {
  const compiled = await compileDirectory(join(root, "migrations"), { isStrict: true });
  if ("problems" in compiled) {
    process.stderr.write(`migrations/ does not compile:\n${formatProblems(compiled.problems)}\n`);
    process.exit(1);
  }
  const cacheDirectory = join(root, "node_modules", ".cache", "hellojohn-rehearsals");
  const manifest = await rehearsed(compiled.manifest, { connectTo, cacheDirectory });
  if (!("problems" in manifest)) return manifest;
  process.stderr.write(`migrations/ cannot be shipped:\n${formatProblems(manifest.problems)}\n`);
  process.exit(1);
}
