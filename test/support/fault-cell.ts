// One cell of the fault matrix: a run is brought to a place and held there, a fault strikes, and a new run follows.
// Holds no expectation but what each fault makes the run report: what must be true is true in all cells.
import type { ChildProcess } from "node:child_process";
import type { TestContext } from "vitest";
import type { Report } from "../../src/engine/report-schema.ts";
import type { CountingProxy } from "./counting-proxy.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";
import { olderBuild, runEvent } from "./engine.ts";
import { expectEverythingOnce, expectTruth, recover } from "./fault-aftermath.ts";
import {
  type Client,
  DEADLINE_MS,
  ended,
  INVOCATION_MS,
  isHeldByProxy,
  MANIFEST,
  type Place,
  SLOW_MACHINE_MS,
  setStage,
  startClient,
} from "./fault-stage.ts";
import { advisoryLocksOf } from "./workplace.ts";

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
  readonly client: Client;
  /** The outcome or the failure's code, and the server's SQLSTATE where it has one. */
  readonly reports: (place: Place) => string;
  /** Returns when the run can be let go on, with the gate open. */
  readonly strike: (scene: Scene) => Promise<void>;
  /** Places where it cannot strike, each with the reason. */
  readonly notAt?: Partial<Record<Place, string>>;
}

const ANSWER = "between its commit and the answer";
const NOTHING = "nothing";

const doneAfterAll = (place: Place) => (place === "during rollback" ? "rolled_back" : "applied");

const HAS_WRITTEN_NOTHING = "nothing is written there that could need room";

/** Every fault but a restart, which needs a server of its own. */
export const FAULTS: readonly Fault[] = [
  {
    // Nothing is closed and nothing arrives: the server frees the lock after idle_session_timeout, 50 s.
    name: "a black hole",
    client: "hurried",
    reports: () => "NO_REPORT_IN_TIME",
    strike: async ({ proxy, openGate }) => {
      proxy.freeze("both");
      proxy.release();
      await openGate();
    },
  },
  {
    name: "the deadline",
    client: "hurried",
    reports: (place) => (place === ANSWER ? "NO_REPORT_IN_TIME" : "incomplete"),
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
    reports: () => NOTHING,
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
    reports: () => NOTHING,
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
    reports: doneAfterAll,
    strike: async (scene) => {
      scene.proxy.sever();
      await sessionsGone(scene);
      await scene.openGate();
    },
  },
  {
    name: "pg_terminate_backend",
    client: "patient",
    reports: (place) => (place === ANSWER ? doneAfterAll(place) : "CONNECTION_LOST 57P01"),
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
    reports: () => "STATEMENT_FAILED 53100",
    strike: async ({ place, database, openGate }) => {
      await fillDisk(database, place === "in an index build" ? "a_id" : "stage.disk");
      await openGate();
    },
    notAt: {
      "before the lock": HAS_WRITTEN_NOTHING,
      [ANSWER]: HAS_WRITTEN_NOTHING,
      "between two migrations": "the next thing written is the next migration, which is a place of its own",
    },
  },
];

/** Strikes a server that no other test uses. */
export const RESTART: Fault = {
  name: "a server restart",
  client: "patient",
  reports: doneAfterAll,
  strike: async (scene) => {
    await scene.restart();
    await scene.openGate();
    letAnswerThrough(scene);
  },
};

/** Of the session that works: the one beside it is at no place, and ends in its own time. */
function pidsAt(place: Place): string {
  // Before it asks for the lock it bears no name.
  const name = place === "before the lock" ? "= ''" : "like 'hellojohn%' and application_name not like '% lookout'";
  return `select pid from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and application_name ${name}`;
}

/** Plays one cell to its end. */
export async function playCell(
  { expect, onTestFinished }: TestContext,
  serverUrl: string,
  fault: Fault,
  place: Place,
  restart: () => Promise<void> = () => Promise.reject(new Error("not a server of this test's own")),
): Promise<void> {
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
  const { child, report } = await startClient(onTestFinished, stage.proxy.url, fault.client, command);
  await stage.reached();
  const pids = (await database.query(pidsAt(place))).map(({ pid }) => pid);
  expect(pids).not.toEqual([]);
  const { proxy, openGate } = stage;
  await fault.strike({ place, database, proxy, child, report, startedAt, expect, pids, openGate, restart });
  const faulted = report === null ? null : await report;
  expect(inAWord(faulted), JSON.stringify(faulted)).toBe(fault.reports(place));
  if (faulted !== null) await expectTruth(expect, faulted, database);

  await emptyDisk(database);
  await recover(expect, database, command, faulted);
  await expectEverythingOnce(expect, database);
}

function inAWord(report: Report | null): string {
  if (report?.outcome !== "failed") return report?.outcome ?? NOTHING;
  const { code, details } = report.failure;
  return details["sqlState"] == null ? code : `${code} ${details["sqlState"]}`;
}

/** The old backends have noticed, so that what is let go now is not theirs. */
async function sessionsGone({ database, pids, expect }: Scene): Promise<void> {
  const left = () => database.query("select from pg_stat_activity where pid = any ($1)", [pids]);
  await expect.poll(left, { timeout: SLOW_MACHINE_MS, interval: 100 }).toEqual([]);
}

/** An answer that was kept back is lost: then the line's end is what the client sees. */
function letAnswerThrough({ place, proxy }: Scene): void {
  if (place === ANSWER) proxy.sever();
  else proxy.release();
}

/**
 * The relation's file becomes /dev/full, where the kernel itself says ENOSPC to every write. Needs no mount and no root,
 * only a superuser of the database, and works in a container too. The file must be empty, and not be open in the
 * backend that is to meet it. https://man7.org/linux/man-pages/man4/full.4.html
 */
async function fillDisk(database: TestDatabase, relation: string): Promise<void> {
  const [row] = await database.query("select pg_relation_filepath($1::regclass) as path", [relation]);
  await database.query(`copy (select) to program 'cat; ln -sf /dev/full ${row?.path}'`);
}

/** There is room again. */
async function emptyDisk(database: TestDatabase): Promise<void> {
  const [row] = await database.query("select pg_relation_filepath('stage.disk') as path");
  await database.query(
    `copy (select) to program 'cat; if test -L ${row?.path}; then rm ${row?.path}; touch ${row?.path}; fi'`,
  );
}
