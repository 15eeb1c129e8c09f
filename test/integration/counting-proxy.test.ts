// The instrument that other tests measure with: what it counts, and how it breaks a line.
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type CountingProxy, type ProxyOptions, startCountingProxy } from "../support/counting-proxy.ts";
import { createTestDatabase, postgresVersions, type TestDatabase } from "../support/database.ts";

describe.each(postgresVersions)("a counting proxy before PostgreSQL $version", ({ url: serverUrl }) => {
  let database: TestDatabase;
  let proxy: CountingProxy;

  beforeAll(async () => {
    database = await createTestDatabase(serverUrl);
  });
  afterEach(() => proxy.close());
  afterAll(() => database.drop());

  async function connectThrough(options?: ProxyOptions): Promise<pg.Client> {
    proxy = await startCountingProxy(database.url, options);
    const client = new pg.Client(proxy.url);
    client.on("error", () => undefined);
    await client.connect();
    onTestFinished(() => client.end().catch(() => undefined));
    return client;
  }

  it("counts connections and what was asked after authentication", async () => {
    const client = await connectThrough();
    expect(proxy.counts()).toEqual({ connections: 1, roundTrips: 0, queries: [] });
    await client.query("select 1");
    await client.query("begin; select 2; commit");
    await client.query("select $1::int", [3]);
    await client.query({ name: "named", text: "select $1::text", values: ["four"] });
    expect(proxy.counts()).toEqual({
      connections: 1,
      roundTrips: 4,
      queries: ["select 1", "begin; select 2; commit", "select $1::int", "select $1::text"],
    });
  });

  it("counts an error's answer as a round trip", async () => {
    const client = await connectThrough();
    await expect(client.query("select 1/0")).rejects.toMatchObject({ code: "22012" });
    // pg rejects at the error's own message, which the server sends ahead of ReadyForQuery.
    await expect.poll(() => proxy.counts().roundTrips).toBe(1);
  });

  it("starts again at zero after a reset, on a connection that stays open", async () => {
    const client = await connectThrough();
    await client.query("select 1");
    proxy.reset();
    expect(proxy.counts()).toEqual({ connections: 0, roundTrips: 0, queries: [] });
    await client.query("select 2");
    expect(proxy.counts()).toEqual({ connections: 0, roundTrips: 1, queries: ["select 2"] });
  });

  it("reads messages that span many chunks", async () => {
    const client = await connectThrough();
    const long = `select length('${"ü".repeat(3_000_000)}') as length`;
    const { rows } = await client.query(long);
    expect(rows).toEqual([{ length: 3_000_000 }]);
    await client.query("select repeat('x', 5000000)");
    expect(proxy.counts().roundTrips).toBe(2);
    expect(proxy.counts().queries[0] === long).toBe(true);
  });

  it("passes a request for TLS on and counts what follows the server's refusal", async () => {
    await connectThrough();
    const refused = new pg.Client({ connectionString: proxy.url, ssl: { rejectUnauthorized: false } });
    await expect(refused.connect()).rejects.toThrow("does not support SSL");
    expect(proxy.counts()).toMatchObject({ connections: 2, roundTrips: 0 });
  });

  it("delays each direction and keeps the order", async () => {
    const client = await connectThrough({ latencyMs: 25 });
    const startedAt = performance.now();
    for (const n of [1, 2, 3]) expect((await client.query("select $1::int as n", [n])).rows).toEqual([{ n }]);
    // Three round trips of two ways each; a timer may fire up to 1 ms early.
    expect(performance.now() - startedAt).toBeGreaterThan(3 * 2 * 24);
  });

  it("severs open connections and serves new ones", async () => {
    const client = await connectThrough();
    const waiting = client.query("select pg_sleep(60)");
    await expect.poll(() => proxy.counts().queries).toHaveLength(1);
    proxy.sever();
    await expect(waiting).rejects.toThrow("terminated");
    const next = new pg.Client(proxy.url);
    await next.connect();
    expect((await next.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    await next.end();
    await database.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(60)' and datname = current_database()",
    );
  });

  it("lets the server do what it does not let the client hear of", async () => {
    const client = await connectThrough({
      onQuery: (text) => text === "create table kept ()" && proxy.freeze("replies"),
    });
    let hasAnswer = false;
    const waiting = client.query("create table kept ()").finally(() => {
      hasAnswer = true;
    });
    await expect.poll(() => database.query("select 1 as one from pg_class where relname = 'kept'")).toHaveLength(1);
    expect(hasAnswer).toBe(false);
    proxy.sever();
    await expect(waiting).rejects.toThrow("terminated");
  });

  it("keeps the server from hearing anything when frozen", async () => {
    const client = await connectThrough();
    proxy.freeze();
    const waiting = client.query("create table never ()");
    const refused = new pg.Client({ connectionString: proxy.url, connectionTimeoutMillis: 50 });
    await expect(refused.connect()).rejects.toThrow("timeout");
    expect(await database.query("select 1 from pg_class where relname = 'never'")).toEqual([]);
    expect(proxy.counts()).toEqual({ connections: 2, roundTrips: 0, queries: [] });
    proxy.sever();
    await expect(waiting).rejects.toThrow("terminated");
  });
});

describe("a test database", () => {
  it("names the session that a test left open", async () => {
    const database = await createTestDatabase(postgresVersions[0]?.url ?? "");
    const leak = new pg.Client({ connectionString: database.url, application_name: "forgotten" });
    leak.on("error", () => undefined);
    await leak.connect();
    await expect(database.drop()).rejects.toThrow("application 'forgotten', idle");
  });
});
