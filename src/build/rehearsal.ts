// Finds out what migrations make of a schema, by running them on an empty PostgreSQL that is started for it.
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rehearse } from "../engine/rehearse.ts";
import type { Target } from "../engine/target.ts";
import type { Manifest } from "../migration/manifest.ts";
import type { SchemaChange } from "../migration/schema-change.ts";
import { catalogStatements } from "../schema/catalog-query.ts";
import { onScratchServer } from "./scratch-server.ts";

/** What a rehearsal needs from above. */
export interface RehearsalOptions {
  /** Connects to the server behind a URL: the build opens no connections. */
  readonly connectTo: (url: string) => Target["connect"];
  /** Where results are kept, so that the same migrations are not run again; null keeps none. */
  readonly cacheDirectory: string | null;
}

const SCHEMA = { schema: "public", journal: "hj_migration" };

/**
 * The manifest with what each migration makes of a schema. Throws when the server cannot be started (an Error that says
 * what is missing) or a migration fails on an empty database (a MigrationError).
 */
export async function rehearsed(manifest: Manifest, options: RehearsalOptions): Promise<Manifest> {
  const { cacheDirectory } = options;
  const file = cacheDirectory === null ? null : join(cacheDirectory, `${keyOf(manifest)}.json`);
  const kept = file === null ? null : await readKept(file);
  if (kept !== null) return withChanges(manifest, kept);
  const result = await rehearseOnServer(manifest, options);
  if (file !== null && cacheDirectory !== null) {
    await mkdir(cacheDirectory, { recursive: true });
    await writeFile(file, JSON.stringify(result.migrations.map(({ change }) => change)));
  }
  return result;
}

/** Null also for what a build that was killed has half written. */
async function readKept(file: string): Promise<readonly SchemaChange[] | null> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch {
    return null;
  }
}

function rehearseOnServer(manifest: Manifest, { connectTo }: RehearsalOptions): Promise<Manifest> {
  return onScratchServer((url) => rehearse(manifest, { ...SCHEMA, connect: connectTo(url) }));
}

/** Also of what is read: a newer build may look at more. */
function keyOf(manifest: Manifest): string {
  const query = catalogStatements({ schema: "", journal: "" }).join(";");
  return createHash("sha256").update(manifest.hash).update(query).digest("hex");
}

function withChanges(manifest: Manifest, changes: readonly SchemaChange[]): Manifest {
  const migrations = manifest.migrations.map((migration, index) => ({ ...migration, change: changes[index] ?? null }));
  return { ...manifest, migrations };
}
