// One cell of the fault matrix: a run is brought to a place and held there, a fault strikes, and a new run follows.
// Holds no expectation of a single cell: what must be true is true in all of them.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import pg from "pg";
import type { TestContext } from "vitest";
import type { Report } from "../../src/engine/report-schema.ts";
import { CLI } from "./built-product.ts";
import { type CountingProxy, startCountingProxy } from "./counting-proxy.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";
import { olderBuild, runEvent } from "./engine.ts";
import { withDirectory } from "./generated-directory.ts";
import { implausibleTurns, versionsAtTheEnd } from "./journal-story.ts";
import { manifestOf } from "./manifest.ts";
import { advisoryLocksOf, engineSessionsOf, journalOf, tablesOf } from "./workplace.ts";

/** Waits for as long as the test wants it to, and looks at no lock, so that no lock_timeout ends it. */
const GATE =
  "do $$ begin while (select is_shut from stage.gate) loop perform pg_sleep(0.05); end loop; end $$; insert into stage.disk values ('written')";
const FILES = {
  "0001_a.up.sql": "create table a (id int)",
  "0001_a.down.sql": "drop table a",
  "0002_b.up.sql": "create table b (id int)",
  "0002_b.down.sql": "drop table b",
  "0003_c.up.sql": `create table c (id int); ${GATE}`,
  "0003_c.down.sql": `drop table c; ${GATE}`,
  "0004_a_id.up.sql": "create index concurrently a_id on a (id)",
  "0004_a_id.down.sql": "drop index concurrently a_id",
  "0005_d.up.sql": "create table d (id int)",
  "0005_d.down.sql": "drop table d",
};
const MANIFEST = manifestOf(FILES);
const TABLES: Readonly<Record<string, string>> = { "0001": "a", "0002": "b", "0003": "c", "0005": "d" };
const VERSIONS = ["0001", "0002", "0003", "0004", "0005"];

/** The reserve is a fifth of it, and the watchdog answers at seven eighths. */
const INVOCATION_MS = 10_000;
const DEADLINE_MS = 8_000;
const SLOW_MACHINE_MS = 30_000;

/** Where a run is when the fault strikes. */
export const PLACES = [
  "before the lock",
  "in a transactional migration",
  "between its commit and the answer",
  "in an index build",
  "between two migrations",
  "during rollback",
] as const;
/** See PLACES. */
export type Place = (typeof PLACES)[number];

/** A run that is held at its place. */
interface Scene {
  readonly place: Place;
  readonly database: TestDatabase;
  readonly proxy: CountingProxy;
  /** Null for a run in this process. */
  readonly child: ChildProcess | null;
  /** Null for a child, which nobody reads. */
  readonly report: Promise<Report> | null;
  readonly startedAt: number;
  readonly expect: TestContext["expect"];
  /** Of the backends that the run had when it came to its place. */
  readonly pids: readonly number[];
  /** Lets the database go on, but not the line to it. */
  readonly openGate: () => Promise<void>;
  readonly restart: () => Promise<void>;
}

/** What goes wrong. */
export interface Fault {
  readonly name: string;
  /** `child`: the built command line in a process of its own. `hurried`: in an invocation that ends after ten seconds. */
  readonly client: "child" | "patient" | "hurried";
  /** Returns when the run can be let go on, with the gate open. */
  readonly strike: (scene: Scene) => Promise<void>;
  /** Places where it cannot strike, each with the reason. */
  readonly notAt?: Partial<Record<Place, string>>;
}

const HAS_WRITTEN_NOTHING = "nothing is written there that could need room";

/** Every fault but a restart, which needs a server of its own. */
export const FAULTS: readonly Fault[] = [
  {
    // Nothing is closed and nothing arrives: the server frees the lock after idle_session_timeout, 50 s.
    name: "a black hole",
    client: "hurried",
    strike: async ({ proxy, openGate }) => {
      proxy.freeze("both");
      proxy.release();
      await openGate();
    },
  },
  {
    name: "the deadline",
    client: "hurried",
    strike: async (scene) => {
      if (isHeldByProxy(scene.place)) {
        const isPast = () => performance.now() - scene.startedAt > DEADLINE_MS + 100;
        await scene.expect.poll(isPast, { timeout: INVOCATION_MS }).toBe(true);
        scene.proxy.release();
      } else await scene.report;
      await scene.openGate();
    },
  },
  {
    // A sandbox that is frozen for good; the operator does not wait for it.
    name: "SIGSTOP",
    client: "child",
    strike: async (scene) => {
      const { child, database, proxy, expect } = scene;
      child?.kill("SIGSTOP");
      proxy.release();
      await expect.poll(() => advisoryLocksOf(database), { timeout: SLOW_MACHINE_MS }).toHaveLength(1);
      const [holder] = await advisoryLocksOf(database);
      const unlocking = runEvent(database.url, MANIFEST, { command: "unlock", pid: holder?.pid });
      expect(await unlocking).toMatchObject({ outcome: "unlocked" });
      await sessionsGone(scene);
      await scene.openGate();
    },
  },
  {
    name: "SIGKILL",
    client: "child",
    strike: async (scene) => {
      scene.child?.kill("SIGKILL");
      if (scene.child) await ended(scene.child);
      // What it had sent arrives after its death.
      scene.proxy.release();
      await sessionsGone(scene);
      await scene.openGate();
    },
  },
  {
    name: "a connection reset",
    client: "patient",
    strike: async (scene) => {
      scene.proxy.sever();
      await sessionsGone(scene);
      await scene.openGate();
    },
  },
  {
    name: "pg_terminate_backend",
    client: "patient",
    strike: async (scene) => {
      await scene.database.query("select pg_terminate_backend(pid) from unnest($1::int[]) as pid", [scene.pids]);
      await sessionsGone(scene);
      await scene.openGate();
      letAnswerThrough(scene);
    },
  },
  {
    name: "a full disk",
    client: "patient",
    strike: async ({ place, database, openGate }) => {
      await fillDisk(database, place === "in an index build" ? "a_id" : "stage.disk");
      await openGate();
    },
    notAt: {
      "before the lock": HAS_WRITTEN_NOTHING,
      "between its commit and the answer": HAS_WRITTEN_NOTHING,
      "between two migrations": "the next thing written is the next migration, which is a place of its own",
    },
  },
];

/** Strikes a server that no other test uses. */
export const RESTART: Fault = {
  name: "a server restart",
  client: "patient",
  strike: async (scene) => {
    await scene.restart();
    await scene.openGate();
    letAnswerThrough(scene);
  },
};

/** Plays one cell, and returns what the faulted run reported in a word. */
export async function playCell(
  { expect, onTestFinished }: TestContext,
  serverUrl: string,
  fault: Fault,
  place: Place,
  restart: () => Promise<void> = () => Promise.reject(new Error("not a server of this test's own")),
): Promise<string> {
  const database = await createTestDatabase(serverUrl);
  onTestFinished(() => database.drop());
  await database.query(
    "create schema stage; create table stage.gate (is_shut boolean); insert into stage.gate values (false); create table stage.disk (note text)",
  );
  expect(await runEvent(database.url, olderBuild(MANIFEST, 1), { command: "run" })).toMatchObject({ ok: true });
  await database.query("insert into a select generate_series(1, 100)");
  const command = place === "during rollback" ? "rollback" : "run";
  if (command === "rollback") {
    expect(await runEvent(database.url, MANIFEST, { command: "run" })).toMatchObject({ ok: true });
    await database.query("truncate stage.disk");
  }

  const stage = await setStage({ expect, onTestFinished }, database, place);
  const startedAt = performance.now();
  const { child, report } = await startClient(onTestFinished, stage.proxy.url, fault, command);
  await stage.reached();
  const pids = (await engineSessionsOf(database)).map(({ pid }) => pid);
  expect(pids).not.toEqual([]);
  const { proxy, openGate } = stage;
  await fault.strike({ place, database, proxy, child, report, startedAt, expect, pids, openGate, restart });
  const faulted = report === null ? null : await report;
  if (faulted !== null) await expectTruth(expect, faulted, database);

  await emptyDisk(database);
  await recover(expect, database, command, faulted);
  await expectEverythingOnce(expect, database);
  if (faulted === null) return "no report";
  return faulted.outcome === "failed" ? faulted.failure.code : faulted.outcome;
}

interface Stage {
  readonly proxy: CountingProxy;
  readonly reached: () => Promise<void>;
  readonly openGate: () => Promise<void>;
}

/** Prepares what will hold the run at its place. */
async function setStage(
  { expect, onTestFinished }: Pick<TestContext, "expect" | "onTestFinished">,
  database: TestDatabase,
  place: Place,
): Promise<Stage> {
  const until = (look: () => Promise<unknown[]>) =>
    expect.poll(look, { timeout: SLOW_MACHINE_MS, interval: 50 }).not.toEqual([]);
  const passed = Promise.withResolvers<void>();
  let isPassed = false;
  const proxy = await startCountingProxy(database.url, {
    onQuery: (text) => {
      if (isPassed || !text.includes(MARKS[place] ?? "\0")) return;
      isPassed = true;
      if (place === "between its commit and the answer") proxy.freeze("replies");
      else proxy.hold();
      passed.resolve();
    },
  });
  onTestFinished(() => proxy.close());
  const nothing = async () => {};
  switch (place) {
    case "before the lock":
    case "between two migrations":
      return { proxy, reached: () => passed.promise, openGate: nothing };
    case "between its commit and the answer": {
      const reached = () => until(() => database.query("select from pg_class where relname = 'c'"));
      return { proxy, reached, openGate: nothing };
    }
    case "in a transactional migration":
    case "during rollback": {
      await database.query("update stage.gate set is_shut = true");
      const openGate = async () => void (await database.query("update stage.gate set is_shut = false"));
      return { proxy, reached: () => until(() => database.query(AT_THE_GATE)), openGate };
    }
    case "in an index build": {
      const writer = new pg.Client({ connectionString: database.url, application_name: "bystander" });
      // A restart of the server ends it too.
      writer.on("error", () => undefined);
      await writer.connect();
      onTestFinished(() => writer.end());
      await writer.query("begin; insert into a values (1)");
      const openGate = async () => void (await writer.query("rollback").catch(() => undefined));
      return { proxy, reached: () => until(() => database.query(BUILD_WAITS)), openGate };
    }
  }
}

/** In the text that is sent at the place, and in none before. */
const MARKS: Partial<Record<Place, string>> = {
  "before the lock": "pg_try_advisory_lock",
  "between its commit and the answer": "create table c",
  "between two migrations": "create table c",
};
const AT_THE_GATE =
  "select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database() and application_name like 'hellojohn%'";
const BUILD_WAITS =
  "select from pg_stat_progress_create_index where datname = current_database() and phase like 'waiting for writers%'";

function isHeldByProxy(place: Place): boolean {
  return place === "before the lock" || place === "between two migrations";
}

async function startClient(
  onTestFinished: TestContext["onTestFinished"],
  url: string,
  { client }: Fault,
  command: string,
): Promise<{ child: ChildProcess | null; report: Promise<Report> | null }> {
  if (client === "child") {
    const started = Promise.withResolvers<ChildProcess>();
    const over = withDirectory(FILES, async (directory) => {
      const args = [CLI, "migrations", command, "--dir", directory];
      const env = { PATH: process.env["PATH"], HELLOJOHN_DATABASE_URL: url };
      const child = spawn(process.execPath, args, { env, stdio: "ignore" });
      started.resolve(child);
      await ended(child);
    });
    const child = await started.promise;
    onTestFinished(async () => {
      child.kill("SIGKILL");
      await over;
    });
    return { child, report: null };
  }
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const endsAt = performance.now() + INVOCATION_MS;
  const hurried = { remainingMs: () => endsAt - performance.now() };
  const options = { signal: stop.signal, lockWait: "60s", databaseWait: "30s", ...(client === "hurried" && hurried) };
  const report = runEvent(url, MANIFEST, { command }, options);
  // Read when the fault has struck; until then a rejection is nobody's.
  report.catch(() => undefined);
  return { child: null, report };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

/** The old backends have noticed, so that what is let go now is not theirs. */
async function sessionsGone({ database, pids, expect }: Scene): Promise<void> {
  const left = () => database.query("select from pg_stat_activity where pid = any ($1)", [pids]);
  await expect.poll(left, { timeout: SLOW_MACHINE_MS, interval: 100 }).toEqual([]);
}

/** An answer that was kept back is lost: then the line's end is what the client sees. */
function letAnswerThrough({ place, proxy }: Scene): void {
  if (place === "between its commit and the answer") proxy.sever();
  else proxy.release();
}

/**
 * The relation's file becomes /dev/full, where the kernel itself says ENOSPC to every write. Needs no mount and no root,
 * only a superuser of the database, and works in a container too. The file must be empty, and not be open in the
 * backend that is to meet it. https://man7.org/linux/man-pages/man4/full.4.html
 */
async function fillDisk(database: TestDatabase, relation: string): Promise<void> {
  const [row] = await database.query("select pg_relation_filepath($1::regclass) as path", [relation]);
  await database.query(`copy (select) to program 'ln -sf /dev/full ${row?.path}'`);
}

/** There is room again. */
async function emptyDisk(database: TestDatabase): Promise<void> {
  const [row] = await database.query("select pg_relation_filepath('stage.disk') as path");
  await database.query(
    `copy (select) to program 'if test -L ${row?.path}; then rm ${row?.path}; touch ${row?.path}; fi'`,
  );
}

/** What an operator does: what was begun is continued; a rollback that did not come to its end is repeated first. */
async function recover(
  expect: TestContext["expect"],
  database: TestDatabase,
  command: "run" | "rollback",
  faulted: Report | null,
): Promise<void> {
  const continuation = faulted?.outcome === "incomplete" ? { continuation: faulted.continuation } : {};
  const options = { lockWait: "120s" };
  const again = (event: object) => runEvent(database.url, MANIFEST, event, options);
  if (command === "rollback" && (await appliedIn(database)).length > 1) {
    expect(await again({ command, ...continuation })).toMatchObject({ ok: true, outcome: "rolled_back" });
    expect(await tablesOf(database)).toEqual(["a"]);
  }
  const report = await again({ command: "run", ...(command === "run" && continuation) });
  expect(report, JSON.stringify(report)).toMatchObject({ ok: true, schemaVersion: { after: "0005" } });
}

async function appliedIn(database: TestDatabase): Promise<readonly string[]> {
  return versionsAtTheEnd(await journalOf(database));
}

/** Neither more nor less than the database holds at this moment. */
async function expectTruth(expect: TestContext["expect"], report: Report, database: TestDatabase): Promise<void> {
  const journal = await journalOf(database);
  const applied = versionsAtTheEnd(journal);
  const unfinished = journal.filter(({ finished_at }) => finished_at === null).map(({ version }) => version);
  const isRun = report.command === "run";
  const claims = report.migrations.map(({ version, status }) => `${version} ${status}`);
  const facts = report.migrations.map(({ version, status }) => {
    const isApplied = applied.includes(version);
    const isUnfinished = unfinished.includes(version);
    const untouched = isApplied === isRun || isUnfinished ? "touched" : status;
    const truth: Readonly<Record<string, string>> = {
      applied: isApplied ? status : "not applied",
      rolled_back: isApplied || isUnfinished ? "not rolled back" : status,
      started: isUnfinished ? status : "not started",
      failed: isApplied === isRun && !isUnfinished ? "not failed" : status,
      in_doubt: status,
    };
    return `${version} ${truth[status] ?? untouched}`;
  });
  expect(claims, JSON.stringify(report)).toEqual(facts);
  const isKnown = claims.length > 0 && !claims.some((claim) => claim.endsWith("in_doubt"));
  if (isKnown) expect(report.schemaVersion.after, JSON.stringify(report)).toBe(applied.at(-1) ?? null);
  if (report.ok) expect(applied).toEqual(isRun ? VERSIONS : ["0001"]);
}

async function expectEverythingOnce(expect: TestContext["expect"], database: TestDatabase): Promise<void> {
  const journal = await journalOf(database);
  expect(implausibleTurns(journal)).toEqual([]);
  expect(versionsAtTheEnd(journal)).toEqual(VERSIONS);
  expect(await tablesOf(database)).toEqual(Object.values(TABLES));
  const indexes =
    "select relname, indisvalid and indisready and indislive as is_valid from pg_index join pg_class on oid = indexrelid where indrelid = 'a'::regclass";
  expect(await database.query(indexes)).toEqual([{ relname: "a_id", is_valid: true }]);
  expect(await advisoryLocksOf(database)).toEqual([]);
}
