// What is wrong with the versions that contract migrations name. Pure.
import type { Problem } from "../failure/problem.ts";
import { fullName, type Migration } from "../migration/manifest.ts";
import { LINE_END } from "../migration/text-place.ts";
import { compareVersions } from "../migration/version.ts";

const PHASE_LINE = /^\s*--\s*hj:phase\b/;

/** Each must come after an older expand migration of the same directory: else it would wait for ever, or not at all. */
export function contractProblems(migrations: readonly Migration[]): readonly Problem[] {
  return migrations.flatMap((migration) => {
    const { contractAfter, up, version } = migration;
    const objection = contractAfter === null ? null : objectionTo(contractAfter, migration, migrations);
    if (objection === null) return [];
    const line = up.sql.split(LINE_END).findIndex((text) => PHASE_LINE.test(text)) + 1;
    const message = `-- hj:phase contract after ${contractAfter} ${objection}`;
    return [{ code: "INVALID_MIGRATION", file: up.file, line, version, message, hint: HINT }];
  });
}

function objectionTo(after: string, { version }: Migration, migrations: readonly Migration[]): string | null {
  const named = migrations.find((other) => compareVersions(other.version, after) === 0);
  if (named === undefined) return "names a version that this directory does not have";
  if (compareVersions(named.version, version) >= 0) return "names no older migration";
  return named.contractAfter === null ? null : `names ${fullName(named)}, which is a contract migration itself`;
}

const HINT =
  "Name the older expand migration that brought what code uses instead of what is taken away here: when it has been there for a whole deploy, this one may run.";
