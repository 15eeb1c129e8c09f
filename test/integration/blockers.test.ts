// Who keeps a migration waiting: read while they do, because afterwards nobody can tell.
import { describe, expect, it } from "vitest";
import type { Report } from "../../src/engine/report-schema.ts";
import type { Progress } from "../../src/engine/run-context.ts";
import type { Blocker } from "../../src/failure/failure.ts";
import { postgresVersions, type TestDatabase } from "../support/database.ts";
import { runEvent } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import { mislead } from "../support/misleading.ts";
import { freshDatabase, freshRole, openSession, openTransaction } from "../support/workplace.ts";

const ALTER = manifestOf({ "0001_b.up.sql": "alter table a add b int" });
const INDEX = manifestOf({ "0001_a_id.up.sql": "-- hj:transaction off\ncreate index concurrently a_id on a (id)" });
const RUN = { command: "run", timeout: "2s" };
const TABLE = "create table a (id int); insert into a select generate_series(1, 100)";

const LOOKOUTS =
  "select application_name from pg_stat_activity where datname = current_database() and application_name like '% lookout'";

function blockersOf(report: Report): readonly Blocker[] {
  if (report.outcome !== "failed") throw new TypeError(report.outcome);
  return report.failure.details["blockers"] as readonly Blocker[];
}

async function setup(serverUrl: string) {
  const database: TestDatabase = await freshDatabase(serverUrl);
  await database.query(TABLE);
  return database;
}

describe.each(postgresVersions)("on PostgreSQL $version", ({ url: serverUrl }) => {
  it("a lock time-out names the session, its state, since when, and what it holds", async () => {
    const database = await setup(serverUrl);
    const reader = await openTransaction(`${database.url}?application_name=web`, "select 's3cret-literal' from a");
    const [{ pid }] = (await reader.query("select pg_backend_pid() as pid")).rows;
    const seen: Progress[] = [];
    const report = await runEvent(database.url, ALTER, RUN, { onProgress: (progress) => seen.push(progress) });
    expect(report).toMatchObject({
      outcome: "failed",
      failure: {
        code: "LOCK_TIMEOUT",
        message: expect.stringContaining(`it waited for pid ${pid} (web), idle in transaction`),
      },
    });
    expect(blockersOf(report)).toEqual([
      {
        pid,
        application: "web",
        state: "idle in transaction",
        since: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        mode: "AccessShareLock",
        relation: "a",
        isBlocked: false,
        preventsWraparound: false,
      },
    ]);
    expect(seen.find(({ kind }) => kind === "seen")).toMatchObject({ version: "0001", blockers: [{ pid }] });
    expect(JSON.stringify([report, seen])).not.toContain("s3cret-literal");
  });

  it("is seen by a session that says whose it is, and that calls no function of somebody else's", async () => {
    const role = await freshRole(serverUrl);
    const database = await setup(serverUrl);
    await database.query(`alter schema public owner to ${role.name}; alter table a owner to ${role.name}`);
    await mislead(database, role);
    await openTransaction(`${database.url}?application_name=web`, "select from a");
    const names: string[] = [];
    const onProgress = async ({ kind }: Progress) => {
      if (kind === "seen") names.push(...(await database.query(LOOKOUTS)).map((row) => row.application_name));
    };
    const report = await runEvent(role.urlOf(database.url), ALTER, RUN, { onProgress });
    expect(blockersOf(report)).toMatchObject([{ application: "web" }]);
    expect(names).toContainEqual(expect.stringMatching(/^hellojohn-migrate [0-9a-f]{8}\/0 lookout$/));
  });

  it("shows what they ran last where that is asked for", async () => {
    const database = await setup(serverUrl);
    await openTransaction(database.url, "select 'what it ran' from a");
    const report = await runEvent(database.url, ALTER, { ...RUN, showQueries: true });
    expect(blockersOf(report)).toMatchObject([{ query: "select 'what it ran' from a" }]);
  });

  it("tells a session that is itself blocked from the one that has to end first", async () => {
    const database = await setup(serverUrl);
    await database.query("create table c (id int)");
    const first = await openTransaction(`${database.url}?application_name=first`, "lock table c");
    const second = await openTransaction(`${database.url}?application_name=second`, "select from a");
    const waiting = second.query("select from c");
    const report = await runEvent(database.url, ALTER, RUN);
    await first.query("rollback");
    await waiting;
    expect(blockersOf(report)).toMatchObject([{ application: "second", isBlocked: true }]);
  });

  it("says no more than the role may see of others", async () => {
    const role = await freshRole(serverUrl);
    const database = await setup(serverUrl);
    await database.query(`alter schema public owner to ${role.name}; alter table a owner to ${role.name}`);
    await openTransaction(`${database.url}?application_name=web`, "select from a");
    const report = await runEvent(role.urlOf(database.url), ALTER, { ...RUN, showQueries: true });
    const [blocker] = blockersOf(report);
    expect(blocker).toMatchObject({
      pid: expect.any(Number),
      application: "web",
      state: null,
      since: null,
      relation: "a",
    });
    expect(JSON.stringify(blocker)).not.toContain("select from a");
  });

  it("a lock that is freed in time is waited for, and the run goes on", async () => {
    const database = await setup(serverUrl);
    const reader = await openTransaction(database.url, "select from a");
    let isFreed = false;
    const onProgress = ({ kind }: Progress) => {
      if (kind !== "seen" || isFreed) return;
      isFreed = true;
      reader.query("rollback").catch(() => {});
    };
    const report = await runEvent(database.url, ALTER, { command: "run", timeout: "30s" }, { onProgress });
    expect(report).toMatchObject({ ok: true, outcome: "applied" });
    expect(isFreed).toBe(true);
  });

  it("an index build that waits for an old snapshot says for whose, and a second run says what the first one does", async () => {
    const database = await setup(serverUrl);
    const old = await openSession(`${database.url}?application_name=reporting`);
    await old.query("begin isolation level repeatable read");
    await old.query("select from a");
    const seen = Promise.withResolvers<Progress>();
    const onProgress = (progress: Progress) => {
      if (progress.kind === "seen" && progress.blockers.length > 0 && progress.build !== null) seen.resolve(progress);
    };
    const first = runEvent(database.url, INDEX, { command: "run", timeout: "20s" }, { onProgress });
    expect(await seen.promise).toMatchObject({
      blockers: [{ application: "reporting" }],
      build: { phase: expect.stringMatching(/^waiting for/) },
    });
    const second = await runEvent(database.url, INDEX, { command: "run" }, { lockWait: "1s" });
    await old.query("rollback");
    expect(await first).toMatchObject({ ok: true, outcome: "applied" });
    expect(second).toMatchObject({
      outcome: "failed",
      failure: {
        code: "LOCK_NOT_ACQUIRED",
        message: expect.stringMatching(
          /pid \d+ \(hellojohn-migrate [0-9a-f]{8}\/0 0001\), active since .*, waiting for/,
        ),
        hint: expect.stringMatching(/hj migrations unlock \d+/),
        details: { holder: { state: "active", build: { phase: expect.stringMatching(/^waiting for/) } } },
      },
    });
  });
});
