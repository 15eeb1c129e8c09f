// What an application feels while a migration waits for its table: never more than a lock time-out for each lock that
// the migration takes, however long a reader keeps it from its table. Prints what was measured.
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { lockTimeoutMs } from "../../src/engine/budget.ts";
import type { Report } from "../../src/engine/report-schema.ts";
import type { Progress } from "../../src/engine/run-context.ts";
import type { Manifest } from "../../src/migration/manifest.ts";
import {
  createLoadTables,
  onTables,
  startApplicationLoad,
  startLockWatch,
  startLongReader,
} from "../support/application-load.ts";
import { postgresVersions, type TestDatabase } from "../support/database.ts";
import { runEvent } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import { type WaitFigures, waitFigures } from "../support/wait-figures.ts";
import { freshDatabase, journalOf } from "../support/workplace.ts";

/** The attempt with the longest lock time-out; all later ones have the same. */
const LONGEST_ATTEMPT = 5;
const LOCK_TIMEOUT_MS = lockTimeoutMs(LONGEST_ATTEMPT);
/** For the server to notice the time-out and to wake everybody who queued. What the machine adds is measured. */
const MARGIN_MS = 500;
/** The readers go after this also where the engine never gives up a lock: the test then fails by what was waited. */
const READER_LIMIT_MS = 30_000;
const RUN_LIMIT_MS = 100_000;

interface Measured {
  readonly database: TestDatabase;
  readonly report: Report;
  readonly altered: WaitFigures;
  /** The same transactions on a table that nobody alters: what the machine itself makes them wait. */
  readonly untouched: WaitFigures;
  /** How long the first reader held its table against the migration. */
  readonly heldMs: number;
}

const measured: string[] = [];
afterAll(() => {
  process.stdout.write(`${measured.join("\n")}\n`);
});

function altering(tables: readonly string[]): Manifest {
  return manifestOf({
    "0001_region.up.sql": tables.map((table) => `alter table ${table} add column region text;`).join("\n"),
  });
}

/**
 * Runs it while each of its tables has a long reader. They stay until the longest lock time-out has passed once in full;
 * then each goes when the migration has waited for it for most of a lock time-out, so that it gets its locks late.
 */
async function measure(serverUrl: string, tables: readonly string[]): Promise<Measured> {
  const database = await freshDatabase(serverUrl);
  const { url } = database;
  await createLoadTables(url, [...tables, "untouched"]);
  const untouched = await startApplicationLoad(url, { transact: onTables(["untouched"]), sessions: 2, perSecond: 30 });
  onTestFinished(() => untouched.stop().then(() => undefined));
  const altered = await startApplicationLoad(url, { transact: onTables(tables), sessions: 18, perSecond: 270 });
  onTestFinished(() => altered.stop().then(() => undefined));
  const watch = await startLockWatch(url);
  onTestFinished(() => watch.end());
  const readers = await Promise.all(tables.map((table) => startLongReader(url, table)));
  for (const reader of readers) onTestFinished(() => reader.end());

  const longestTimedOut = Promise.withResolvers<void>();
  const onProgress = (progress: Progress) => {
    if (progress.kind === "migration_waits" && progress.attempts >= LONGEST_ATTEMPT) longestTimedOut.resolve();
  };
  const from = performance.now();
  const running = runEvent(url, altering(tables), { command: "run" }, { onProgress });
  await Promise.race([longestTimedOut.promise, running, delay(READER_LIMIT_MS, null, { ref: false })]);
  let heldMs = 0;
  for (const [index, reader] of readers.entries()) {
    const isOver = () => performance.now() - from > READER_LIMIT_MS;
    await watch.until(tables[index] ?? "", LOCK_TIMEOUT_MS * 0.6, isOver);
    await reader.end();
    heldMs ||= performance.now() - from;
  }
  const report = await running;
  const span = { from, until: performance.now() };
  return {
    database,
    report,
    altered: waitFigures(await altered.stop(), span),
    untouched: waitFigures(await untouched.stop(), span),
    heldMs,
  };
}

/** How far a wait may go over its bound: the margin, and what the machine made a transaction wait that nobody blocked. */
function slackMs({ untouched }: Measured): number {
  return MARGIN_MS + untouched.longestMs;
}

async function expectAppliedOnce({ database, report }: Measured, tables: readonly string[]): Promise<void> {
  expect(report).toMatchObject({ ok: true, outcome: "applied", migrations: [{ status: "applied" }] });
  expect(report.migrations[0]?.attempts).toBeGreaterThan(LONGEST_ATTEMPT);
  expect(await journalOf(database)).toMatchObject([{ version: "0001", state: "applied", is_current: true }]);
  const columns = await database.query(
    "select table_name from information_schema.columns where column_name = 'region'",
  );
  expect(columns.map(({ table_name }) => table_name).sort()).toEqual([...tables].sort());
}

function line(locks: string, { altered, untouched, heldMs, report }: Measured): string {
  const ms = (value: number) => `${Math.round(value)} ms`;
  return `  ${locks}: longest wait ${ms(altered.longestMs)}, felt ${ms(altered.longestFeltMs)} with the backlog (p99 ${ms(altered.p99FeltMs)}), ${altered.transactions} transactions, ${altered.feltOverSecond} over 1 s, ${Math.round(altered.perSecond)} a second; untouched table ${ms(untouched.longestMs)}; first reader ${ms(heldMs)}, ${report.migrations[0]?.attempts} attempts`;
}

describe.each(postgresVersions)("on PostgreSQL $version", ({ url: serverUrl, version }) => {
  it(
    "nobody waits longer behind a migration that takes one lock than its lock time-out, however long a reader keeps it",
    async () => {
      const tables = ["account"];
      const result = await measure(serverUrl, tables);
      measured.push(`PostgreSQL ${version}, lock time-out ${LOCK_TIMEOUT_MS} ms:`, line("one lock", result));
      // Else the load was not there, and the next line would say nothing.
      expect(result.altered.longestMs).toBeGreaterThan(LOCK_TIMEOUT_MS / 2);
      expect(result.altered.longestMs).toBeLessThan(LOCK_TIMEOUT_MS + slackMs(result));
      expect(result.heldMs).toBeGreaterThan(2 * LOCK_TIMEOUT_MS);
      await expectAppliedOnce(result, tables);
    },
    RUN_LIMIT_MS,
  );

  it(
    "behind one that takes three locks somebody waits longer than one lock time-out, and nobody longer than three",
    async () => {
      const tables = ["account", "purchase", "visit"];
      const result = await measure(serverUrl, tables);
      measured.push(line("three locks", result));
      expect(result.altered.longestMs).toBeGreaterThan(LOCK_TIMEOUT_MS);
      expect(result.altered.longestMs).toBeLessThan(tables.length * LOCK_TIMEOUT_MS + slackMs(result));
      await expectAppliedOnce(result, tables);
    },
    RUN_LIMIT_MS,
  );
});
