// The pooler that other tests connect through: that it is the real thing, and by what a client can tell.
import pg from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import { createTestDatabase, postgresVersions } from "../support/database.ts";
import { type PgbouncerOptions, pgbouncer, startPgbouncer } from "../support/pgbouncer.ts";
import { freshRole, openSession } from "../support/workplace.ts";

async function setup(serverUrl: string, options: PgbouncerOptions) {
  const database = await createTestDatabase(serverUrl);
  onTestFinished(() => database.drop());
  const pooler = await startPgbouncer(database.url, options);
  onTestFinished(() => pooler.stop());
  return { database, pooler };
}

async function backendOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  return rows[0]?.pid ?? 0;
}

/** What BackendKeyData announced; pg does not declare it. */
function announcedTo(client: pg.Client): number {
  return (client as pg.Client & { readonly processID: number }).processID;
}

describe.each(postgresVersions)("a client of PostgreSQL $version itself", ({ url }) => {
  it("is told the process id of its backend", async () => {
    for (let connection = 0; connection < 5; connection++) {
      const client = await openSession(url);
      expect(announcedTo(client)).toBe(await backendOf(client));
    }
  });
});

describe
  .runIf(pgbouncer !== null)
  .each(
    postgresVersions.flatMap(({ url, version }) =>
      (["transaction", "session"] as const).map((mode) => ({ url, version, mode })),
    ),
  )("PgBouncer (Debian's package pgbouncer) in $mode mode before PostgreSQL $version", ({ url: serverUrl, mode }) => {
  it("announces a process id that is not the backend's", async () => {
    const { pooler } = await setup(serverUrl, { mode });
    for (let connection = 0; connection < 5; connection++) {
      const client = await openSession(pooler.url);
      expect(announcedTo(client)).not.toBe(await backendOf(client));
    }
  });

  it("logs every role in with its own password, and no other", async () => {
    const role = await freshRole(serverUrl);
    const { pooler } = await setup(serverUrl, { mode });
    const client = await openSession(role.urlOf(pooler.url));
    expect((await client.query("select current_user as name")).rows).toEqual([{ name: role.name }]);
    const wrong = new pg.Client(Object.assign(new URL(role.urlOf(pooler.url)), { password: "wrong" }).href);
    await expect(wrong.connect()).rejects.toThrow("SASL authentication failed");
  });

  it(`${mode === "transaction" ? "gives" : "does not give"} a session's advisory lock to another client`, async () => {
    const { pooler } = await setup(serverUrl, { mode });
    const [first, second] = [await openSession(pooler.url), await openSession(pooler.url)];
    const lock = "select pg_try_advisory_lock(42) as locked";
    expect((await first.query(lock)).rows).toEqual([{ locked: true }]);
    expect((await second.query(lock)).rows).toEqual([{ locked: mode === "transaction" }]);
  });

  it("refuses start-up parameters that it does not know", async () => {
    const { pooler } = await setup(serverUrl, { mode });
    const client = new pg.Client({ connectionString: pooler.url, statement_timeout: 1_000 });
    await expect(client.connect()).rejects.toThrow("unsupported startup parameter: statement_timeout");
  });

  it("takes settings", async () => {
    const { pooler } = await setup(serverUrl, { mode, settings: { ignore_startup_parameters: "statement_timeout" } });
    const client = new pg.Client({ connectionString: pooler.url, statement_timeout: 1_000 });
    await client.connect();
    await client.end();
  });

  it("is gone after stop, with its sessions", async () => {
    const { database, pooler } = await setup(serverUrl, { mode });
    await openSession(pooler.url);
    await pooler.stop();
    const late = new pg.Client(pooler.url);
    await expect(late.connect()).rejects.toMatchObject({ code: "ECONNREFUSED" });
    const sessions = "select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    await expect.poll(() => database.query(sessions)).toEqual([]);
  });
});
