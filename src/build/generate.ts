// Writes the files that are generated from code, or with --check says which of them are stale.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as z from "zod";
import { reportSchema } from "../engine/report-schema.ts";

const root = join(import.meta.dirname, "..", "..");

/** Path from the root, and what has to be in it. */
const GENERATED: readonly (readonly [path: string, content: string])[] = [
  ["docs/report.schema.json", `${JSON.stringify(z.toJSONSchema(reportSchema), null, 2)}\n`],
];

const stale: string[] = [];
for (const [path, content] of GENERATED) {
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
