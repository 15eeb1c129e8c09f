// Finds out what migrations make of a schema, by running them on an empty PostgreSQL that is started for it, and where
// there are contract migrations on a second one in the other order.
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { rehearse } from "../engine/rehearse.ts";
import type { Target } from "../engine/target.ts";
import { MigrationError } from "../failure/failure.ts";
import type { Problem, Refusal } from "../failure/problem.ts";
import type { Manifest, Migration } from "../migration/manifest.ts";
import { catalogStatements } from "../schema/catalog-query.ts";
import { expandFirst, ORDER_HINT, orderProblem, withExpandFirst } from "./order-problems.ts";
import { onScratchServer } from "./scratch-server.ts";

/** What a rehearsal needs from above. */
export interface RehearsalOptions {
  /** Connects to the server behind a URL: the build opens no connections. */
  readonly connectTo: (url: string) => Target["connect"];
  /** Where results are kept, so that the same migrations are not run again; null keeps none. */
  readonly cacheDirectory: string | null;
}

const SCHEMA = { schema: "public", journal: "hj_migration" };

/** What is kept of a migration. */
type Kept = Pick<Migration, "change" | "changeExpandFirst">;

/**
 * The manifest with what each migration makes of a schema, or why its contract migrations may not be shipped. Throws when
 * the server cannot be started (an Error that says what is missing) or a migration fails on an empty database in order of
 * version (a MigrationError).
 */
export async function rehearsed(manifest: Manifest, options: RehearsalOptions): Promise<Manifest | Refusal> {
  const { cacheDirectory } = options;
  const file = cacheDirectory === null ? null : join(cacheDirectory, `${keyOf(manifest)}.json`);
  const kept = file === null ? null : await readKept(file);
  if (kept !== null) return withKept(manifest, kept);
  const result = await inBothOrders(manifest, options);
  // What cannot be kept is tried again the next time: on a read-only file system, or where nobody has a home.
  if (!("problems" in result) && file !== null) await keep(file, result).catch(() => {});
  return result;
}

/** Whole or not at all: another process may be about the same migrations. */
async function keep(file: string, { migrations }: Manifest): Promise<void> {
  const kept = migrations.map(({ change, changeExpandFirst }) => ({ change, changeExpandFirst }));
  const draft = `${file}.${process.pid}`;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(draft, JSON.stringify(kept));
  await rename(draft, file);
}

/** Null also for what a build that was killed has half written. */
async function readKept(file: string): Promise<readonly Kept[] | null> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch {
    return null;
  }
}

/** Only contract migrations can be met in another order than that of their versions. */
async function inBothOrders(manifest: Manifest, options: RehearsalOptions): Promise<Manifest | Refusal> {
  const inOrder = await rehearseOnServer(manifest, options);
  if (manifest.migrations.every(({ contractAfter }) => contractAfter === null)) return inOrder;
  let other: Manifest;
  try {
    other = await rehearseOnServer(expandFirst(manifest), options);
  } catch (error) {
    if (!(error instanceof MigrationError) || error.failure.code !== "STATEMENT_FAILED") throw error;
    return { problems: [failsInOrder(error.failure)] };
  }
  const problem = orderProblem(inOrder, other);
  if (problem !== null) return { problems: [problem] };
  const changes = other.migrations.flatMap(({ version, change }) => (change ? [[version, change] as const] : []));
  return withExpandFirst(inOrder, new Map(changes));
}

function failsInOrder({ message, details }: Extract<MigrationError["failure"], { code: "STATEMENT_FAILED" }>): Problem {
  const { file, line, version } = details;
  const where = "when all expand migrations are applied before all contract ones";
  return { code: "INVALID_MIGRATION", file, line, version, message: `${where}: ${message}`, hint: ORDER_HINT };
}

function rehearseOnServer(manifest: Manifest, { connectTo }: RehearsalOptions): Promise<Manifest> {
  return onScratchServer((url) => rehearse(manifest, { ...SCHEMA, connect: connectTo(url) }));
}

/** Also of what is read and what is kept of it: a newer build may look at more. */
function keyOf(manifest: Manifest): string {
  const query = catalogStatements({ schema: "", journal: "" }).join(";");
  return createHash("sha256").update(manifest.hash).update(query).update("both orders").digest("hex");
}

function withKept(manifest: Manifest, kept: readonly Kept[]): Manifest {
  const migrations = manifest.migrations.map((migration, index) => ({ ...migration, ...kept[index] }));
  return { ...manifest, migrations };
}
