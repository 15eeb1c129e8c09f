// Foresees what the migrations of a build do to a database in use: reads their statements for the rules and asks them. Pure;
// the parser must be loaded.

import { hazardProblem, hazardsOf } from "../engine/gate.ts";
import type { Problem } from "../failure/problem.ts";
import { type JudgedFile, lint } from "../hazards/lint.ts";
import { RULES } from "../hazards/rules.ts";
import { parseDirectives } from "../migration/directives.ts";
import type { Hazard } from "../migration/foreseen.ts";
import type { Manifest, Migration } from "../migration/manifest.ts";
import { placesIn } from "../migration/text-place.ts";
import { parseSql } from "./parse-sql.ts";
import { readStatement } from "./read-actions.ts";

/** The manifest with what is foreseen of each migration, and the waivers that allow nothing. */
export function foresee(manifest: Manifest): { readonly manifest: Manifest; readonly problems: readonly Problem[] } {
  const judgements = lint(manifest.migrations.map(judgedFile), RULES);
  const migrations = manifest.migrations.map((migration, index) => ({
    ...migration,
    foreseen: judgements[index]?.foreseen ?? null,
  }));
  return { manifest: { ...manifest, migrations }, problems: judgements.flatMap(({ problems }) => problems) };
}

/** Hazards that nobody has allowed, as the problems or findings of a directory. */
export function openHazards({ migrations }: Manifest, level: Hazard["level"]): readonly Problem[] {
  return migrations.flatMap((migration) =>
    hazardsOf(migration, level).map((hazard) => hazardProblem(migration, hazard)),
  );
}

/** A migration that compiled, for the rules. */
export function judgedFile({ version, up, contractAfter }: Migration): JudgedFile {
  const directives = parseDirectives(up.file, "up", up.sql);
  const parsed = parseSql(up.sql);
  // Deep in a stack the parser may not get as far as before. Without its statements no rule would say a word.
  if ("offset" in parsed) throw new TypeError(`${up.file} could be read once and not twice: it ${parsed.message}`);
  return {
    file: up.file,
    version,
    isTransactional: up.transactional,
    contractAfter,
    waivers: "problems" in directives ? [] : directives.waivers,
    statements: parsed.map(readStatement),
    placeOf: placesIn(up.sql),
  };
}
