// Time: a migration's time-out, locks that others hold, a run that is stopped, and an invocation that runs out.
import { connect } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { cancelStatement } from "../../src/engine/interrupt.ts";
import { lockKey } from "../../src/engine/lock.ts";
import { postgresVersions } from "../support/database.ts";
import { runEvent, statuses } from "../support/engine.ts";
import { freshLine } from "../support/line.ts";
import { manifestOf } from "../support/manifest.ts";
import {
  advisoryLocksOf,
  engineSessionsOf,
  freshDatabase,
  freshProxy,
  freshRole,
  journalOf,
  openSession,
  openTransaction,
  tablesOf,
} from "../support/workplace.ts";

const RUN = { command: "run" };
// Each statement is below the limit of a second; all of them together take eight.
const SLEEPS = `create table slow ();\n${"select pg_sleep(0.4);\n".repeat(20)}`;

/** An invocation that ends in so many milliseconds. */
function invocationOf(milliseconds: number) {
  const endsAt = performance.now() + milliseconds;
  return { remainingMs: () => endsAt - performance.now(), isOver: () => performance.now() >= endsAt };
}

describe.each(postgresVersions)("a migration's time-out on PostgreSQL $version", ({ url }) => {
  it("counts for all its statements together, and stops the server through a second connection", async () => {
    const role = await freshRole(url);
    const database = await freshDatabase(url);
    await database.query(`alter schema public owner to ${role.name}`);
    const proxy = await freshProxy(role.urlOf(database.url));
    const files = manifestOf({
      "0001_a.up.sql": "create table a ()",
      "0002_slow.up.sql": SLEEPS,
      "0003_c.up.sql": "create table c ()",
    });
    const report = await runEvent(proxy.url, files, { ...RUN, timeout: "1s" });
    const active = (await engineSessionsOf(database)).filter(({ state }) => state === "active");
    expect(active).toEqual([]);
    expect(report).toMatchObject({
      outcome: "failed",
      schemaVersion: { after: "0001" },
      failure: {
        code: "TIMED_OUT",
        details: { version: "0002", file: "0002_slow.up.sql", statement: "select pg_sleep(0.4);", timeoutMs: 1000 },
      },
    });
    expect(statuses(report)).toEqual({ "0001": "applied", "0002": "failed", "0003": "not_reached" });
    expect(report.outcome === "failed" && Number(report.failure.details["line"])).toBeGreaterThan(2);
    expect(await tablesOf(database)).toEqual(["a"]);
    expect(await journalOf(database)).toHaveLength(1);
    expect(await advisoryLocksOf(database)).toEqual([]);
    expect(proxy.counts().connections).toBe(2);
    expect(proxy.counts().queries.filter((text) => text.includes("pg_cancel_backend"))).toHaveLength(1);
  });

  it("cancels nothing of a later session, or on a later server, whose backend has the same process id", async () => {
    const database = await freshDatabase(url);
    const session = await openSession(database.url);
    const { rows } = await session.query(
      "select pid, (backend_start - interval '1 us')::text as before, now()::text as since, pg_postmaster_start_time()::text as server from pg_stat_get_activity(pg_backend_pid())",
    );
    const [{ pid: backendPid, before, since, server }] = rows;
    const waiting = session.query("select pg_sleep(60)").catch(({ code }) => code);
    const cancel = (askedAt: string, serverStart: string) =>
      database.query(cancelStatement({ facts: { backendPid, askedAt, serverStart } }));
    expect(await cancel(before, server)).toEqual([]);
    expect(await cancel(since, before)).toEqual([]);
    expect(await cancel(since, server)).toHaveLength(1);
    expect(await waiting).toBe("57014");
  });

  it("is kept by the server when no second connection is to be had", async () => {
    const role = await freshRole(url, "connection limit 1");
    const database = await freshDatabase(url);
    await database.query(`alter schema public owner to ${role.name}`);
    const files = manifestOf({ "0001_slow.up.sql": "create table slow (); select pg_sleep(30)" });
    const report = await runEvent(role.urlOf(database.url), files, { ...RUN, timeout: "200ms" });
    expect(report).toMatchObject({ outcome: "failed", failure: { code: "TIMED_OUT", details: { timeoutMs: 200 } } });
    expect((await engineSessionsOf(database)).filter(({ state }) => state === "active")).toEqual([]);
    expect(await tablesOf(database)).toEqual([]);
  });

  it("counts for all its statements together also then, because the server is told without one", async () => {
    const role = await freshRole(url, "connection limit 1");
    const database = await freshDatabase(url);
    await database.query(`alter schema public owner to ${role.name}`);
    const files = manifestOf({ "0001_slow.up.sql": SLEEPS });
    const report = await runEvent(role.urlOf(database.url), files, { ...RUN, timeout: "1s" });
    expect(report).toMatchObject({ outcome: "failed", failure: { code: "TIMED_OUT", details: { timeoutMs: 1000 } } });
    expect(await tablesOf(database)).toEqual([]);
  });

  it("is no reason to ask for one again and again", async () => {
    const role = await freshRole(url, "connection limit 1");
    const database = await freshDatabase(url);
    await database.query(`alter schema public owner to ${role.name}`);
    const proxy = await freshProxy(role.urlOf(database.url));
    expect(await runEvent(proxy.url, manifestOf({ "0001_slow.up.sql": "select pg_sleep(4)" }), RUN)).toMatchObject({
      outcome: "applied",
    });
    // After 0.15, 0.55, 1.35 and 2.95 s, where one each 0.2 s would be twenty.
    expect(proxy.counts().connections).toBeLessThanOrEqual(1 + 5);
  });

  it("stops what runs as a role that is set for the one that logs in", async () => {
    const [role, owner] = [await freshRole(url), await freshRole(url)];
    const database = await freshDatabase(url);
    await database.query(`grant ${owner.name} to ${role.name}; alter schema public owner to ${owner.name};
      alter role ${role.name} in database ${database.name} set role = ${owner.name}`);
    const files = manifestOf({ "0001_slow.up.sql": SLEEPS });
    const report = await runEvent(role.urlOf(database.url), files, { ...RUN, timeout: "1s" });
    expect(report).toMatchObject({ outcome: "failed", failure: { code: "TIMED_OUT", details: { timeoutMs: 1000 } } });
    expect(await tablesOf(database)).toEqual([]);
  });

  it("is the file's when the request has none, and the request's when it has one", async () => {
    const database = await freshDatabase(url);
    const files = manifestOf({ "0001_a.up.sql": "-- hj:timeout 150ms\ncreate table a (); select pg_sleep(0.5)" });
    const cut = await runEvent(database.url, files, RUN);
    expect(cut).toMatchObject({ outcome: "failed", failure: { code: "TIMED_OUT", details: { timeoutMs: 150 } } });
    expect(await tablesOf(database)).toEqual([]);
    expect(await runEvent(database.url, files, { ...RUN, timeout: "20s" })).toMatchObject({ outcome: "applied" });
  });
});

describe.each(postgresVersions)("a lock that somebody holds on PostgreSQL $version", ({ url }) => {
  it("is asked for again and again, never for long, until it is free", async () => {
    const database = await freshDatabase(url);
    await database.query("create table busy (id int); create table settings (lock_timeout text)");
    const bystander = await openTransaction(database.url, "select from busy");
    const reader = await openSession(database.url);
    const proxy = await freshProxy(database.url);
    const files = manifestOf({
      "0001_a.up.sql":
        "insert into settings values (current_setting('lock_timeout')); alter table busy add column note text",
      "0002_b.up.sql": "create table b ()",
    });
    const waits = vi.fn();
    let isDone = false;
    const run = runEvent(proxy.url, files, RUN, {
      onProgress: (progress) => progress.kind === "migration_waits" && waits(progress),
    }).finally(() => {
      isDone = true;
    });
    await expect.poll(() => engineSessionsOf(database)).toMatchObject([{ waits: "Lock" }]);
    // Queues behind the migration, and is served although the bystander never lets go meanwhile.
    expect((await reader.query("select from busy")).rowCount).toBe(0);
    await vi.waitFor(() => expect(waits).toHaveBeenCalled(), { timeout: 5_000 });
    expect(isDone).toBe(false);
    await bystander.query("commit");

    const report = await run;
    expect(report).toMatchObject({ outcome: "applied", counts: { applied: 2 } });
    expect(report.migrations[0]?.attempts).toBeGreaterThan(1);
    expect(report.migrations[1]?.attempts).toBe(1);
    expect(waits.mock.calls[0]?.[0]).toEqual({ kind: "migration_waits", version: "0001", attempts: 1 });
    const attempts = proxy.counts().queries.filter((text) => text.includes("alter table busy"));
    expect(attempts).toHaveLength(report.migrations[0]?.attempts ?? 0);
    for (const text of attempts) {
      const limit = Number(/set local lock_timeout = (\d+)/.exec(text)?.[1]);
      expect(limit).toBeGreaterThanOrEqual(500);
      expect(limit).toBeLessThanOrEqual(2_000);
    }
    // Attempts that were rolled back left nothing, and the one that was not ran under such a limit.
    const settings = await database.query("select lock_timeout from settings");
    expect(settings).toEqual([{ lock_timeout: expect.stringMatching(/^(?:500ms|1s|2s)$/) }]);
  });

  it.each(["2s", "600ms"])("longer than the time-out of %s is what the failure says", async (timeout) => {
    const database = await freshDatabase(url);
    await database.query("create table busy (id int)");
    const bystander = await openTransaction(database.url, "select from busy");
    const files = manifestOf({
      "0001_a.up.sql": "create table a ();\nalter table busy add column note text;",
      "0002_b.up.sql": "create table b ()",
    });
    const report = await runEvent(database.url, files, { ...RUN, timeout });
    expect(report).toMatchObject({
      outcome: "failed",
      failure: {
        code: "LOCK_TIMEOUT",
        details: { version: "0001", line: 2, statement: "alter table busy add column note text;", sqlState: "55P03" },
      },
    });
    expect(statuses(report)).toEqual({ "0001": "failed", "0002": "not_reached" });
    expect(await tablesOf(database)).toEqual(["busy"]);
    expect(await advisoryLocksOf(database)).toEqual([]);
    await bystander.query("commit");
    expect(await runEvent(database.url, files, RUN)).toMatchObject({ outcome: "applied" });
  });
});

describe.each(postgresVersions)("a run that is told to stop on PostgreSQL $version", ({ url }) => {
  const files = manifestOf({
    "0001_a.up.sql": "create table a ()",
    "0002_slow.up.sql": "create table slow (); select pg_sleep(30)",
    "0003_c.up.sql": "create table c ()",
  });

  it("in the middle of a migration cancels it, rolls it back and unlocks", async () => {
    const database = await freshDatabase(url);
    const controller = new AbortController();
    const run = runEvent(database.url, files, RUN, { signal: controller.signal });
    await expect.poll(() => engineSessionsOf(database)).toMatchObject([{ state: "active", waits: "Timeout" }]);
    controller.abort();
    const report = await run;
    expect((await engineSessionsOf(database)).filter(({ state }) => state === "active")).toEqual([]);
    expect(report).toMatchObject({
      outcome: "failed",
      schemaVersion: { after: "0001" },
      failure: { code: "CANCELLED", details: { version: "0002" } },
    });
    expect(statuses(report)).toEqual({ "0001": "applied", "0002": "failed", "0003": "not_reached" });
    expect(await tablesOf(database)).toEqual(["a"]);
    expect(await journalOf(database)).toHaveLength(1);
    expect(await advisoryLocksOf(database)).toEqual([]);
  });

  it("while it waits for a table's lock ends without waiting for it", async () => {
    const database = await freshDatabase(url);
    await database.query("create table busy (id int)");
    await openTransaction(database.url, "select from busy");
    const controller = new AbortController();
    const alter = manifestOf({ "0001_a.up.sql": "alter table busy add column note text" });
    const report = await runEvent(database.url, alter, RUN, {
      signal: controller.signal,
      onProgress: ({ kind }) => kind === "migration_waits" && controller.abort(),
    });
    expect(report).toMatchObject({ outcome: "failed", failure: { code: "CANCELLED" } });
    expect(await journalOf(database)).toEqual([]);
    expect(await advisoryLocksOf(database)).toEqual([]);
  });

  it("while it waits for another run changes nothing and leaves that one its lock", async () => {
    const database = await freshDatabase(url);
    const holder = await openSession(database.url);
    await holder.query(`select pg_advisory_lock(${lockKey("public", "hj_migration")})`);
    const controller = new AbortController();
    const report = await runEvent(database.url, files, RUN, {
      signal: controller.signal,
      onProgress: ({ kind }) => kind === "lock_busy" && controller.abort(),
    });
    expect(report).toMatchObject({ outcome: "failed", failure: { code: "CANCELLED", details: { version: null } } });
    expect(await tablesOf(database)).toEqual([]);
    expect(await advisoryLocksOf(database)).toHaveLength(1);
  });

  it("just as a migration begins does not run it to its end", async () => {
    const database = await freshDatabase(url);
    const controller = new AbortController();
    const short = manifestOf({ "0001_a.up.sql": "create table a ()", "0002_slow.up.sql": "select pg_sleep(3)" });
    const report = await runEvent(database.url, short, RUN, {
      signal: controller.signal,
      onProgress: (progress) =>
        progress.kind === "migration_started" && progress.version === "0002" && controller.abort(),
    });
    expect(report).toMatchObject({ outcome: "failed", failure: { code: "CANCELLED" } });
    expect(await journalOf(database)).toHaveLength(1);
  });

  it.each(["run", "status"])("while a journal that is locked is read (%s) does not wait for it", async (command) => {
    const database = await freshDatabase(url);
    const one = manifestOf({ "0001_a.up.sql": "create table a ()" });
    await runEvent(database.url, one, RUN);
    await openTransaction(database.url, "lock table hj_migration");
    const controller = new AbortController();
    const stopped = runEvent(database.url, one, { command }, { signal: controller.signal });
    await expect.poll(() => engineSessionsOf(database)).toMatchObject([{ waits: "Lock" }]);
    controller.abort();
    expect(await stopped).toMatchObject({ failure: { code: "CANCELLED", hint: "Nothing was changed by this run." } });
    // The server looks for its client every two seconds.
    await expect.poll(() => engineSessionsOf(database)).toEqual([]);
  });

  it.each(["create table a ()", "-- hj:transaction off\ncreate table a ()"])(
    "before its first migration (%j) says that none was reached",
    async (sql) => {
      const database = await freshDatabase(url);
      const two = manifestOf({ "0001_a.up.sql": sql, "0002_b.up.sql": "create table b ()" });
      const report = await runEvent(database.url, two, RUN, { signal: AbortSignal.abort() });
      expect(report).toMatchObject({ outcome: "failed", failure: { code: "CANCELLED" } });
      expect(await tablesOf(database)).toEqual([]);
      expect(await advisoryLocksOf(database)).toEqual([]);
      // What never began did not fail, and was not started either.
      expect(report.counts).toEqual({ applied: 0, pending: 2, started: 0, unknown: 0 });
      expect(new Set(Object.values(statuses(report)))).toEqual(new Set(["not_reached"]));
    },
  );
});

describe.each(postgresVersions)("an invocation that runs out on PostgreSQL $version", ({ url }) => {
  it("is answered before its end: the migration that did not fit is undone and nothing else runs", async () => {
    const database = await freshDatabase(url);
    const files = manifestOf({
      "0001_a.up.sql": "create table a ()",
      "0002_slow.up.sql": "create table slow (); select pg_sleep(30)",
      "0003_c.up.sql": "create table c ()",
    });
    const invocation = invocationOf(5_000);
    const report = await runEvent(database.url, files, RUN, { remainingMs: invocation.remainingMs });
    expect(invocation.isOver()).toBe(false);
    expect((await engineSessionsOf(database)).filter(({ state }) => state === "active")).toEqual([]);
    expect(report).toMatchObject({
      ok: false,
      outcome: "incomplete",
      schemaVersion: { before: null, after: "0001" },
      counts: { applied: 1, pending: 2, started: 0 },
    });
    expect(statuses(report)).toEqual({ "0001": "applied", "0002": "not_reached", "0003": "not_reached" });
    expect(await tablesOf(database)).toEqual(["a"]);
    expect(await journalOf(database)).toHaveLength(1);
    expect(await advisoryLocksOf(database)).toEqual([]);
  });

  it("in a migration that is not transactional leaves it started, and the next invocation goes on", async () => {
    const database = await freshDatabase(url);
    await database.query("create table delay as select 30 as seconds");
    const files = manifestOf({
      "0001_a.up.sql":
        "-- hj:transaction off\ncreate table a ();\nselect pg_sleep(seconds) from delay;\ncreate table b ();",
    });
    const invocation = invocationOf(5_000);
    const report = await runEvent(database.url, files, RUN, { remainingMs: invocation.remainingMs });
    expect(invocation.isOver()).toBe(false);
    expect(report).toMatchObject({ outcome: "incomplete", counts: { applied: 0, started: 1 } });
    expect(statuses(report)).toEqual({ "0001": "started" });
    expect((await journalOf(database)).map(({ statements_done }) => statements_done)).toEqual([1]);
    await database.query("update delay set seconds = 0");
    expect(await runEvent(database.url, files, RUN)).toMatchObject({ outcome: "applied" });
    expect(await tablesOf(database)).toEqual(["a", "b", "delay"]);
  });

  it("while a lock is held is answered before its end", async () => {
    const database = await freshDatabase(url);
    await database.query("create table busy (id int)");
    await openTransaction(database.url, "select from busy");
    const invocation = invocationOf(2_000);
    const alter = manifestOf({ "0001_a.up.sql": "alter table busy add column note text" });
    const report = await runEvent(database.url, alter, RUN, { remainingMs: invocation.remainingMs });
    expect(invocation.isOver()).toBe(false);
    // A fresh invocation was not enough, and the reason is known: coming back at once would end the same way.
    expect(report).toMatchObject({ outcome: "failed", failure: { code: "LOCK_TIMEOUT" }, counts: { pending: 1 } });
    expect(statuses(report)).toEqual({ "0001": "failed" });
  });

  it("while another run holds the lock is answered before its end, however long it was to wait", async () => {
    const database = await freshDatabase(url);
    const holder = await openSession(database.url);
    await holder.query(`select pg_advisory_lock(${lockKey("public", "hj_migration")})`);
    const invocation = invocationOf(1_500);
    const files = manifestOf({ "0001_a.up.sql": "create table a ()" });
    const options = { remainingMs: invocation.remainingMs, lockWait: "10m" };
    const report = await runEvent(database.url, files, RUN, options);
    expect(invocation.isOver()).toBe(false);
    expect(report.ok).toBe(false);
    expect(await tablesOf(database)).toEqual([]);
  });

  it.each(["create table a ()", "-- hj:transaction off\ncreate table a ()"])(
    "before the first migration (%j) says that none was reached",
    async (sql) => {
      const database = await freshDatabase(url);
      const two = manifestOf({ "0001_a.up.sql": sql, "0002_b.up.sql": "create table b ()" });
      let isLocked = false;
      const proxy = await freshProxy(database.url, {
        onQuery: (text) => {
          isLocked ||= text.includes("pg_try_advisory_lock");
        },
      });
      const report = await runEvent(proxy.url, two, RUN, { remainingMs: () => (isLocked ? 100 : 50_000) });
      expect(report).toMatchObject({ outcome: "incomplete", counts: { applied: 0, pending: 2, started: 0 } });
      expect(new Set(Object.values(statuses(report)))).toEqual(new Set(["not_reached"]));
      expect(await tablesOf(database)).toEqual([]);
      expect(await journalOf(database)).toEqual([]);
    },
  );
});

describe.each(postgresVersions)("a second connection that never opens on PostgreSQL $version", ({ url }) => {
  /** Leads on the first connection, and leaves all others without an answer. */
  function narrowLine(target: string): Promise<string> {
    return freshLine(target, (client, number) => {
      if (number > 1) return;
      const onward = connect(Number(new URL(target).port), "127.0.0.1").on("error", () => client.destroy());
      client.pipe(onward).pipe(client);
    });
  }

  it("costs an invocation that runs out no report: the server ends the migration before", async () => {
    const database = await freshDatabase(url);
    const { remainingMs } = invocationOf(10_000);
    const files = manifestOf({ "0001_a.up.sql": "create table a ()", "0002_slow.up.sql": "select pg_sleep(30)" });
    const report = await runEvent(await narrowLine(database.url), files, RUN, { remainingMs });
    expect(report).toMatchObject({ outcome: "incomplete", counts: { applied: 1 } });
    expect(await advisoryLocksOf(database)).toEqual([]);
  });
});
