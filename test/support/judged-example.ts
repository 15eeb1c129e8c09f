// The examples of rules, judged as the build judges migrations. The parser must be loaded.

import { compile } from "../../src/build/compile.ts";
import { judgedFile } from "../../src/build/foresee.ts";
import { parseSql } from "../../src/build/parse-sql.ts";
import { readStatement } from "../../src/build/read-actions.ts";
import { EXAMPLE_SCHEMA } from "../../src/hazards/example-schema.ts";
import { type JudgedFile, lint } from "../../src/hazards/lint.ts";
import type { Rule } from "../../src/hazards/rule.ts";
import { RULES } from "../../src/hazards/rules.ts";
import type { Hazard } from "../../src/migration/foreseen.ts";
import type { Migration } from "../../src/migration/manifest.ts";

/** The example schema is migration 1, the files are 2 and so on. What the build refuses to compile is null in `migrations`. */
export function judgedExample(files: readonly string[], rules: readonly Rule[] = RULES) {
  const all = [EXAMPLE_SCHEMA, ...files];
  const migrations = all.map((_sql, index) => compiled(all.slice(0, index + 1)));
  const judged = migrations.map((migration, index) =>
    migration === null ? uncompiled(String(index + 1), all[index] ?? "") : judgedFile(migration),
  );
  const judgements = lint(judged, rules);
  return { migrations, judgements };
}

/** `["drop-column account.locale", ...]` of each file, the example schema's left out. */
export function hazardsOf(files: readonly string[]): readonly (readonly string[])[] {
  const { judgements } = judgedExample(files);
  return judgements
    .slice(1)
    .map(({ foreseen }) => foreseen.hazards.map(({ rule, object }: Hazard) => `${rule} ${object}`));
}

/** The last of them; together with the others, because a contract migration has to name one that is there. */
function compiled(files: readonly string[]): Migration | null {
  const manifest = compile(files.map((sql, index) => ({ file: `${index + 1}_example.up.sql`, sql })));
  return "problems" in manifest ? null : (manifest.migrations.at(-1) ?? null);
}

function uncompiled(version: string, sql: string): JudgedFile {
  const parsed = parseSql(sql);
  if ("offset" in parsed) throw new TypeError(parsed.message);
  const placeOf = () => ({ line: 1, column: 1 });
  const statements = parsed.map(readStatement);
  return { file: "", version, isTransactional: true, contractAfter: null, waivers: [], statements, placeOf };
}
