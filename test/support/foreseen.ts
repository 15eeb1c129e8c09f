// What a build foresees of a migration, written down by hand: for what is made of it, whatever the linter would say.
import type { Foreseen, Hazard, LockMode, TableLock, Work } from "../../src/migration/foreseen.ts";
import type { Manifest } from "../../src/migration/manifest.ts";

/** A manifest with these in the place of its own, by version. All of its other migrations keep what they have. */
export function withForeseen(manifest: Manifest, foreseen: Readonly<Record<string, Foreseen>>): Manifest {
  const migrations = manifest.migrations.map((migration) => ({
    ...migration,
    foreseen: foreseen[migration.version] ?? migration.foreseen,
  }));
  return { ...manifest, migrations };
}

/** A lock on `table` or `schema.table`. */
export function lockOn(table: string, mode: LockMode = "AccessExclusiveLock", work: Work | null = null): TableLock {
  const [name = "", schema = null] = table.split(".").reverse();
  return { table: { schema, name }, mode, work };
}

/** A hazard that nobody has allowed, but for what `differences` says. */
export function hazardOf(differences: Partial<Hazard> = {}): Hazard {
  return {
    rule: "column-type-rewrite",
    level: "error",
    object: "account.id",
    message: "changing the type of account.id rewrites the table",
    line: 1,
    column: 1,
    allowed: null,
    ...differences,
  };
}
