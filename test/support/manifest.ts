// Manifests and journal entries, as tests write them down: from file names and SQL.
import { compile } from "../../src/build/compile.ts";
import { loadParser } from "../../src/build/parse-sql.ts";
import type { JournalEntry } from "../../src/engine/journal.ts";
import { type Manifest, type Migration, phaseOf } from "../../src/migration/manifest.ts";

await loadParser();

/** The manifest of these files; throws when they have problems. */
export function manifestOf(files: Readonly<Record<string, string>>): Manifest {
  const compiled = compile(Object.entries(files).map(([file, sql]) => ({ file, sql })));
  if ("problems" in compiled) throw new TypeError(JSON.stringify(compiled.problems));
  return compiled;
}

/** The only migration of a manifest that one file makes. */
export function migrationOf(file: string, sql: string): Migration {
  const [migration] = manifestOf({ [file]: sql }).migrations;
  if (migration === undefined) throw new TypeError(`${file} makes no migration`);
  return migration;
}

/** What the journal holds of a migration that was applied, but for what `differences` says. */
export function entryOf(migration: Migration, differences: Partial<JournalEntry> = {}): JournalEntry {
  const { version, name, checksum } = migration;
  return {
    id: "1",
    version,
    name,
    state: "applied",
    phase: phaseOf(migration),
    batch: 1,
    checksum,
    runId: "00000000-0000-4000-8000-000000000000",
    statementsDone: 0,
    statementBegun: 0,
    startedAt: "2024-06-01 08:59:59.766+00",
    finishedAt: "2024-06-01 09:00:00+00",
    ...differences,
  };
}
