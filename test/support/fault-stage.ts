// Where a fault strikes: the migrations, and what brings a run to a place and holds it there. Knows no fault.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import pg from "pg";
import type { TestContext } from "vitest";
import type { Report } from "../../src/engine/report-schema.ts";
import { CLI } from "./built-product.ts";
import { type CountingProxy, startCountingProxy } from "./counting-proxy.ts";
import type { TestDatabase } from "./database.ts";
import { runEvent } from "./engine.ts";
import { withDirectory } from "./generated-directory.ts";
import { manifestOf } from "./manifest.ts";

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
/** Five of them; 0003 meets the gate, 0004 builds an index, and only 0001 is applied when a scene begins. */
export const MANIFEST = manifestOf(FILES);

/** What each makes; 0004 makes an index. */
export const TABLES: Readonly<Record<string, string>> = { "0001": "a", "0002": "b", "0003": "c", "0005": "d" };

/** Of all five. */
export const VERSIONS = ["0001", "0002", "0003", "0004", "0005"];

/** How long a hurried run has. */
export const INVOCATION_MS = 15_000;
/** When it stops working: a fifth is kept back. After seven eighths the watchdog answers. */
export const DEADLINE_MS = INVOCATION_MS * 0.8;
/** For whatever must come in the end. */
export const SLOW_MACHINE_MS = 30_000;

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

/** What holds a run at its place. */
export interface Stage {
  readonly proxy: CountingProxy;
  readonly reached: () => Promise<void>;
  readonly openGate: () => Promise<void>;
}

/** Prepares what will hold the run at its place. */
export async function setStage(
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

/** True where the line is held, false where the database or the answer is. */
export function isHeldByProxy(place: Place): boolean {
  return place === "before the lock" || place === "between two migrations";
}

/** `child`: the built command line in a process of its own. `hurried`: in an invocation that ends after ten seconds. */
export type Client = "child" | "patient" | "hurried";

/** Starts the run that the fault will strike; it ends with the test. */
export async function startClient(
  onTestFinished: TestContext["onTestFinished"],
  url: string,
  client: Client,
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

/** Waits for its end. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
