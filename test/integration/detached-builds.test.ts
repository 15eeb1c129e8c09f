// `-- hj:detach`: an index build that outlives the invocation that began it. The server goes on, and the next invocation
// takes that for progress, waits for it, and records what came of it.
import type pg from "pg";
import { describe, expect, it } from "vitest";
import { connectTo } from "../../src/connection/connect-to.ts";
import type { Report } from "../../src/engine/report-schema.ts";
import { parseRequest } from "../../src/engine/request.ts";
import type { Progress } from "../../src/engine/run-context.ts";
import { serve } from "../../src/engine/serve.ts";
import { postgresVersions, type TestDatabase } from "../support/database.ts";
import { type RunOptions, runEvent, statuses } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import {
  advisoryLocksOf,
  engineSessionsOf,
  freshDatabase,
  freshProxy,
  journalOf,
  openTransaction,
} from "../support/workplace.ts";

const RUN = { command: "run" };
const BUILD = "create unique index concurrently t_a on t (a);";
const FILES = manifestOf({
  "0001_t.up.sql": `-- hj:detach\n-- hj:timeout 1h\n${BUILD}`,
  "0001_t.down.sql": "drop index t_a",
  "0002_u.up.sql": "create table u ()",
});

/** An invocation of two seconds. */
function briefly(options: RunOptions = {}): RunOptions {
  const endsAt = performance.now() + 2_000;
  return { ...options, remainingMs: () => endsAt - performance.now() };
}

function continued(report: Report) {
  if (report.outcome !== "incomplete") throw new TypeError(`${report.outcome} ${JSON.stringify(report)}`);
  return { ...RUN, continuation: report.continuation };
}

function requestOf(event: object) {
  const request = parseRequest(event);
  if ("problems" in request) throw new TypeError(JSON.stringify(request.problems));
  return request;
}

/** `t_a!` when it is invalid. */
async function indexesOf(database: TestDatabase): Promise<string[]> {
  const rows = await database.query(
    "select indexrelid::regclass || case when indisvalid then '' else '!' end as name from pg_index where indrelid = 't'::regclass",
  );
  return rows.map(({ name }) => name);
}

/** A table whose index cannot be finished before `writer` is done with it. */
async function setup(serverUrl: string): Promise<{ database: TestDatabase; writer: pg.Client }> {
  const database = await freshDatabase(serverUrl);
  await database.query("create table t (a int); insert into t values (1)");
  return { database, writer: await openTransaction(database.url, "insert into t values (2)") };
}

async function builderOf(database: TestDatabase): Promise<number> {
  const sessions = () => engineSessionsOf(database);
  const builder = { state: "active", application: expect.stringMatching(/ detached 0001$/) };
  // Other sessions of the run are listed until the server has hung up.
  await expect.poll(sessions).toMatchObject([builder]);
  return (await sessions())[0]?.pid ?? 0;
}

const isOver = async (database: TestDatabase) => (await advisoryLocksOf(database)).length === 0;

describe.each(postgresVersions)("an index build that is detached on PostgreSQL $version", ({ url }) => {
  it("goes on when the invocation ends, is watched by the next, and recorded by the one after", async () => {
    const { database, writer } = await setup(url);
    const first = await runEvent(database.url, FILES, RUN, briefly());
    const pid = await builderOf(database);
    expect(first).toMatchObject({ outcome: "incomplete", counts: { started: 1, pending: 1 } });
    expect(statuses(first)).toEqual({ "0001": "started", "0002": "not_reached" });
    expect(first.warnings).toMatchObject([
      { code: "RUN_IN_PROGRESS", message: expect.stringContaining(`pid ${pid} (`) },
    ]);

    const seen: Progress[] = [];
    const second = await runEvent(
      database.url,
      FILES,
      continued(first),
      briefly({ onProgress: (it) => seen.push(it) }),
    );
    expect(second).toMatchObject({ outcome: "incomplete", runId: first.runId });
    expect(statuses(second)).toEqual({ "0001": "started", "0002": "not_reached" });
    expect(second.warnings).toMatchObject([
      { code: "RUN_IN_PROGRESS", message: expect.stringMatching(`pid ${pid} .*waiting for writers`) },
    ]);
    expect(seen[0]).toMatchObject({ kind: "lock_busy", holder: { pid, build: { phase: expect.any(String) } } });
    expect(await builderOf(database)).toBe(pid);

    await writer.query("commit");
    const third = await runEvent(database.url, FILES, continued(second));
    expect(third).toMatchObject({ outcome: "applied", runId: first.runId, warnings: [] });
    expect(statuses(third)).toEqual({ "0001": "applied", "0002": "applied" });
    expect(await indexesOf(database)).toEqual(["t_a"]);
    expect((await journalOf(database)).map(({ version, state, batch }) => [version, state, batch])).toEqual([
      ["0001", "applied", 1],
      ["0002", "applied", 1],
    ]);
  });

  it("is done and valid when nobody came back meanwhile, and gives the lock back by itself", async () => {
    const { database, writer } = await setup(url);
    await runEvent(database.url, FILES, RUN, briefly());
    await writer.query("commit");
    await expect.poll(() => isOver(database)).toBe(true);
    expect(await indexesOf(database)).toEqual(["t_a"]);
    expect(await journalOf(database)).toMatchObject([{ version: "0001", state: "started", statements_done: 0 }]);
    expect(await runEvent(database.url, FILES, RUN)).toMatchObject({ outcome: "applied", counts: { applied: 2 } });
  });

  it("is waited for by a run of somebody without a deadline, however short the lock wait", async () => {
    const { database, writer } = await setup(url);
    await runEvent(database.url, FILES, RUN, briefly());
    const { promise, resolve } = Promise.withResolvers<Progress>();
    const running = runEvent(database.url, FILES, RUN, { lockWait: "1ms", onProgress: resolve });
    expect(await promise).toMatchObject({ kind: "lock_busy" });
    await writer.query("commit");
    expect(await running).toMatchObject({ outcome: "applied", counts: { applied: 2 } });
  });

  it("is told of by status while it goes on, and not afterwards", async () => {
    const { database, writer } = await setup(url);
    await runEvent(database.url, FILES, RUN, briefly());
    const pid = await builderOf(database);
    const status = () => runEvent(database.url, FILES, { command: "status" });
    expect((await status()).warnings).toMatchObject([
      { code: "RUN_IN_PROGRESS", message: expect.stringMatching(`pid ${pid} .*waiting for writers`) },
    ]);
    await writer.query("commit");
    await expect.poll(() => isOver(database)).toBe(true);
    expect(await status()).toMatchObject({ outcome: "pending", counts: { started: 1 }, warnings: [] });
  });

  it("keeps a rollback out like any other run", async () => {
    const { database, writer } = await setup(url);
    await runEvent(database.url, FILES, RUN, briefly());
    const pid = await builderOf(database);
    expect(await runEvent(database.url, FILES, { command: "rollback" }, { lockWait: "1ms" })).toMatchObject({
      failure: { code: "LOCK_NOT_ACQUIRED", details: { holder: { pid, build: { phase: expect.any(String) } } } },
    });
    await writer.query("commit");
    await expect.poll(() => isOver(database)).toBe(true);
  });

  it("that fails on the server fails the run that comes back, once, and can be begun anew", async () => {
    const { database, writer } = await setup(url);
    const first = await runEvent(database.url, FILES, RUN, briefly());
    await writer.query("insert into t values (1); commit");
    const second = await runEvent(database.url, FILES, continued(first));
    expect(second).toMatchObject({
      outcome: "failed",
      failure: {
        code: "INDEX_INVALID",
        message:
          "the build of the index t_a, which was left to the server, has failed there; the invalid index that it left, t_a, was removed",
      },
    });
    expect(await indexesOf(database)).toEqual([]);
    await database.query("delete from t");
    expect(await runEvent(database.url, FILES, RUN)).toMatchObject({ outcome: "applied", counts: { applied: 2 } });
    expect(await indexesOf(database)).toEqual(["t_a"]);
  });

  it("that failed on the server is begun anew by a run that is not the same", async () => {
    const { database, writer } = await setup(url);
    await runEvent(database.url, FILES, RUN, briefly());
    await writer.query("insert into t values (1); commit");
    await expect.poll(() => isOver(database)).toBe(true);
    expect(await indexesOf(database)).toEqual(["t_a!"]);
    expect(await runEvent(database.url, FILES, RUN)).toMatchObject({ failure: { details: { sqlState: "23505" } } });
    expect(await indexesOf(database)).toEqual([]);
  });

  it("is ended by the server at the time-out of its file", async () => {
    const { database, writer } = await setup(url);
    const files = manifestOf({ "0001_t.up.sql": `-- hj:detach\n-- hj:timeout 3s\n${BUILD}` });
    const first = await runEvent(database.url, files, RUN, briefly());
    await builderOf(database);
    await expect.poll(() => isOver(database), { timeout: 15_000 }).toBe(true);
    await writer.query("commit");
    expect(await runEvent(database.url, files, continued(first))).toMatchObject({ failure: { code: "INDEX_INVALID" } });
  });

  it("is cancelled by its own time-out while the invocation is there, and removed", async () => {
    const { database, writer } = await setup(url);
    const old = await openTransaction(database.url, "set transaction isolation level repeatable read; select 1");
    await writer.query("commit");
    expect(await runEvent(database.url, FILES, { ...RUN, timeout: "1s" })).toMatchObject({
      failure: { code: "TIMED_OUT", message: expect.stringContaining("t_a, was removed") },
    });
    await old.query("commit");
    expect(await indexesOf(database)).toEqual([]);
  });

  it("is cancelled when somebody wants the run to stop", async () => {
    const { database, writer } = await setup(url);
    const stop = new AbortController();
    const running = runEvent(database.url, FILES, RUN, { signal: stop.signal });
    await expect.poll(() => engineSessionsOf(database)).toMatchObject([{ waits: "Lock" }]);
    stop.abort();
    expect(await running).toMatchObject({ outcome: "failed", failure: { code: "CANCELLED" } });
    await expect.poll(() => engineSessionsOf(database)).toEqual([]);
    await writer.query("commit");
  });

  it("survives a connection that breaks, and the run that lost it waits for it and goes on", async () => {
    const { database, writer } = await setup(url);
    const proxy = await freshProxy(database.url);
    const seen: Progress[] = [];
    const running = runEvent(proxy.url, FILES, RUN, { onProgress: (progress) => seen.push(progress) });
    await expect.poll(() => engineSessionsOf(database)).toMatchObject([{ waits: "Lock" }]);
    const pid = await builderOf(database);
    proxy.sever();
    await expect.poll(() => seen).toContainEqual(expect.objectContaining({ kind: "lock_busy" }));
    expect(await engineSessionsOf(database)).toContainEqual(expect.objectContaining({ pid, state: "active" }));
    await writer.query("commit");
    expect(await running).toMatchObject({ outcome: "applied", counts: { applied: 2 } });
    expect(await indexesOf(database)).toEqual(["t_a"]);
  });

  it("without the directive the deadline cancels it", async () => {
    const { database, writer } = await setup(url);
    const files = manifestOf({ "0001_t.up.sql": BUILD });
    const report = await runEvent(database.url, files, RUN, briefly());
    expect(report).toMatchObject({ ok: false, warnings: [] });
    await expect.poll(() => engineSessionsOf(database)).toEqual([]);
    await writer.query("commit");
  });

  it("is gone on with by a second delivery of the first event: whoever began it may have died with it", async () => {
    const { database, writer } = await setup(url);
    const target = { connect: connectTo(database.url), schema: "public", journal: "hj_migration" };
    const again = (onProgress: (progress: Progress) => void, remainingMs: () => number) =>
      serve(requestOf(RUN), FILES, target, {
        runId: "00000000-0000-4000-8000-00000000000d",
        invocationId: "twice",
        hop: 0,
        mayBeTwice: true,
        remainingMs,
        signal: new AbortController().signal,
        onProgress,
        lockWaitMs: 1,
      });
    const endsAt = performance.now() + 2_000;
    expect(
      await again(
        () => {},
        () => endsAt - performance.now(),
      ),
    ).toMatchObject({ outcome: "incomplete" });
    await builderOf(database);
    const { promise, resolve } = Promise.withResolvers<Progress>();
    const second = again(resolve, () => Number.POSITIVE_INFINITY);
    await Promise.race([promise, second]);
    await writer.query("commit");
    expect(await second).toMatchObject({ outcome: "applied", counts: { applied: 2 } });
  });
});
