// How long the run lock outlives a client that dies, and that a new run then does what it left undone.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, describe, test } from "vitest";
import { CLI } from "../support/built-product.ts";
import { startCountingProxy } from "../support/counting-proxy.ts";
import { createTestDatabase, postgresVersions } from "../support/database.ts";
import { runEvent } from "../support/engine.ts";
import { withDirectory } from "../support/generated-directory.ts";
import { manifestOf } from "../support/manifest.ts";

const FILES = {
  "0001_a.up.sql": "create table a (id int)",
  "0002_b.up.sql": "select pg_sleep(4); create table b (id int)",
};
const measured: string[] = [];

afterAll(() => {
  process.stdout.write(`${measured.join("\n")}\n`);
});

/** What the session is set to: it looks for its client every two seconds, and ends after 50 s without a word. */
const NOTICED_MS = 2_000;
const SILENT_MS = 50_000;
/** For the statement to end, and for a machine that is busy. */
const SLACK_MS = 15_000;

describe.concurrent.each(postgresVersions)("on PostgreSQL $version", ({ url: serverUrl, version }) => {
  test.for([
    ["killed", NOTICED_MS],
    ["cut off", NOTICED_MS],
    ["frozen", SILENT_MS],
  ] as const)(
    "the lock of a client that is %s is free after what its session is set to, and nothing of it stays connected",
    async ([death, limitMs], { expect }) => {
      const database = await createTestDatabase(serverUrl);
      const proxy = await startCountingProxy(database.url);
      await withDirectory(FILES, async (directory) => {
        const child = spawn(process.execPath, [CLI, "migrations", "run", "--dir", directory], {
          env: { PATH: process.env["PATH"], HELLOJOHN_DATABASE_URL: death === "killed" ? database.url : proxy.url },
          stdio: "ignore",
        });
        const isLocked = async () => (await database.query(LOCKS)).length > 0;
        try {
          await expect.poll(() => database.query(SLEEPING), { timeout: 20_000 }).toHaveLength(1);
          const diedAt = performance.now();
          if (death === "killed") child.kill("SIGKILL");
          // Its parent cannot help it, and its socket stays open: as a Lambda sandbox between two invocations.
          if (death === "frozen") child.kill("SIGSTOP");
          if (death === "cut off") await proxy.close();
          await expect.poll(isLocked, { timeout: limitMs + SLACK_MS, interval: 100 }).toBe(false);
          measured.push(
            `PostgreSQL ${version}, ${death}: the lock was free after ${Math.round(performance.now() - diedAt)} ms`,
          );
          await expect.poll(() => database.query(CONNECTED), { timeout: SLACK_MS, interval: 100 }).toEqual([]);
        } finally {
          child.kill("SIGKILL");
          if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
          await proxy.close();
        }
      });
      const report = await runEvent(database.url, manifestOf(FILES), { command: "run" });
      expect(report).toMatchObject({ ok: true, schemaVersion: { after: "0002" }, counts: { applied: 2 } });
      expect(await database.query("select version from hj_migration where state = 'applied' order by 1")).toEqual([
        { version: "0001" },
        { version: "0002" },
      ]);
      await database.drop();
    },
  );
});

const LOCKS =
  "select 1 from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())";
const CONNECTED =
  "select application_name from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and application_name <> 'test'";
const SLEEPING =
  "select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database() and application_name like 'hellojohn%'";
