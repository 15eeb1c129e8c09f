// Runs events against a database through the handler, as the command line does, and checks every report that comes back.
// Knows nothing of what a test expects; it starts no server.
import { randomUUID } from "node:crypto";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "vitest";
import * as z from "zod";
import { readDirectory } from "../../src/build/read-directory.ts";
import { parseSettings } from "../../src/connection/settings.ts";
import { type Report, reportSchema } from "../../src/engine/report-schema.ts";
import type { Progress } from "../../src/engine/run-context.ts";
import { createHandler } from "../../src/lambda/handler.ts";
import type { Manifest } from "../../src/migration/manifest.ts";
import { manifestOf } from "./manifest.ts";

const MIGRATIONS = new URL("../../migrations", import.meta.url).pathname;

/** Lambda cuts an asynchronous answer off at 256 KB; a report stays below this whatever happened. */
const REPORT_LIMIT_BYTES = 200 * 1024;

// Formats are zod's to check; ajv would need a package for them.
const validate = new Ajv2020({ validateFormats: false }).compile(z.toJSONSchema(reportSchema));

/** Where a run goes and how it is limited; by default as a person who types `hj migrations run` has it. */
export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly remainingMs?: () => number;
  readonly onProgress?: (progress: Progress) => void;
  readonly schema?: string;
  readonly journal?: string;
  readonly lockWait?: string;
  readonly databaseWait?: string;
  /** Further variables. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** HelloJohn's own migrations. */
export async function helloJohnManifest(): Promise<Manifest> {
  const sources = await readDirectory(MIGRATIONS);
  if ("problems" in sources) throw new Error(JSON.stringify(sources.problems));
  return manifestOf(Object.fromEntries(sources.map(({ file, sql }) => [file, sql])));
}

/** The first migrations of a manifest: an older build. */
export function olderBuild(manifest: Manifest, migrations: number): Manifest {
  return { ...manifest, migrations: manifest.migrations.slice(0, migrations) };
}

/** Sends one event and returns the report, having checked what must hold for every report there is. */
export async function runEvent(
  url: string,
  manifest: Manifest,
  event: unknown,
  options: RunOptions = {},
): Promise<Report> {
  const settings = parseSettings({
    HELLOJOHN_DATABASE_URL: url,
    HELLOJOHN_SCHEMA: options.schema,
    HELLOJOHN_JOURNAL: options.journal,
    HELLOJOHN_LOCK_WAIT: options.lockWait,
    HELLOJOHN_DATABASE_WAIT: options.databaseWait,
    ...options.environment,
  });
  const answer = await createHandler(settings, manifest)(event, {
    invocationId: randomUUID(),
    remainingMs: options.remainingMs ?? (() => Number.POSITIVE_INFINITY),
    signal: options.signal ?? new AbortController().signal,
    onProgress: options.onProgress ?? (() => undefined),
  });
  const text = JSON.stringify(answer);
  expect(Buffer.byteLength(text)).toBeLessThan(REPORT_LIMIT_BYTES);
  expect(text, "a stack trace").not.toMatch(/\\n\s+at /);
  const password = decodeURIComponent(new URL(url).password);
  if (password !== "") expect(text.includes(password), "the report holds the password").toBe(false);
  // As it travels: an undefined or a Date would not survive.
  const report = JSON.parse(text);
  validate(report);
  expect(validate.errors).toBeNull();
  return reportSchema.parse(report);
}

/** `{ "0001": "applied", ... }`. */
export function statuses(report: Report): Record<string, string> {
  return Object.fromEntries(report.migrations.map(({ version, status }) => [version, status]));
}
