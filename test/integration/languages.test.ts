// A server whose messages are in another language than English: what they mean is told by their codes, and by what comes behind.
import { describe, expect, it } from "vitest";
import type { Progress } from "../../src/engine/run-context.ts";
import { postgresVersions } from "../support/database.ts";
import { runEvent, statuses } from "../support/engine.ts";
import { foreignServer } from "../support/foreign-server.ts";
import { manifestOf } from "../support/manifest.ts";
import { advisoryLocksOf, freshDatabase, openTransaction, tablesOf } from "../support/workplace.ts";

const RUN = { command: "run" };

function withSecond(sql: string) {
  return manifestOf({ "0001_a.up.sql": "create table a (id int)", "0002_b.up.sql": sql });
}

describe.each(postgresVersions)("a server of PostgreSQL $version in another language", ({ url: serverUrl }) => {
  async function setup() {
    const database = await freshDatabase(serverUrl);
    return { database, url: await foreignServer(database.url) };
  }

  it("gets its first run, with a journal that was not there", async () => {
    const { url } = await setup();
    expect(await runEvent(url, withSecond("create table b ()"), RUN)).toMatchObject({ outcome: "applied" });
    expect(await runEvent(url, withSecond("create table b ()"), RUN)).toMatchObject({ outcome: "up_to_date" });
  });

  it("says of a statement that failed what it is, and keeps nothing of it", async () => {
    const { database, url } = await setup();
    const report = await runEvent(url, withSecond("create table b (); select nothing"), RUN);
    expect(report).toMatchObject({ failure: { code: "STATEMENT_FAILED", details: { sqlState: "42703", line: 1 } } });
    expect(statuses(report)).toEqual({ "0001": "applied", "0002": "failed" });
    expect(await tablesOf(database)).toEqual(["a"]);
    expect(await advisoryLocksOf(database)).toEqual([]);
  });

  it("is asked again and again for a lock that is not free", async () => {
    const { database, url } = await setup();
    await database.query("create table busy (id int)");
    const reader = await openTransaction(database.url, "select from busy");
    const onProgress = ({ kind }: Progress) => {
      if (kind === "migration_waits") reader.query("commit").catch(() => {});
    };
    const report = await runEvent(url, withSecond("alter table busy add note text"), RUN, { onProgress });
    expect(report).toMatchObject({ outcome: "applied" });
    expect(report.migrations[1]?.attempts).toBeGreaterThan(1);
  });

  it("stops a migration at its time-out", async () => {
    const { url } = await setup();
    const report = await runEvent(url, withSecond("select pg_sleep(30)"), { ...RUN, timeout: "300ms" });
    expect(report).toMatchObject({ failure: { code: "TIMED_OUT", details: { version: "0002" } } });
  });

  it("tells a session that somebody ended from one that was lost", async () => {
    const { database, url } = await setup();
    const running = runEvent(url, withSecond("select pg_sleep(30)"), RUN);
    await expect.poll(() => database.query(`${ASLEEP}`)).toHaveLength(1);
    await database.query(`select pg_terminate_backend(pid) from (${ASLEEP}) as asleep`);
    expect(await running).toMatchObject({
      failure: { code: "CONNECTION_LOST", message: expect.stringContaining("an administrator ended the session") },
    });
  });
});

const ASLEEP = "select pid from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
