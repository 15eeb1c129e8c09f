// What the rules claim, held against the server: the locks that each bad example takes, what it does to the rows meanwhile,
// and that the good ones work.
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadParser } from "../../src/build/parse-sql.ts";
import { EXAMPLE_SCHEMA } from "../../src/hazards/example-schema.ts";
import { strongest } from "../../src/hazards/locks-of.ts";
import type { Rule } from "../../src/hazards/rule.ts";
import { RULES } from "../../src/hazards/rules.ts";
import type { LockMode, TableLock } from "../../src/migration/foreseen.ts";
import type { Migration } from "../../src/migration/manifest.ts";
import { createTestDatabase, postgresVersions, type TestDatabase } from "../support/database.ts";
import { judgedExample } from "../support/judged-example.ts";

await loadParser();

interface Relation {
  readonly name: string;
  readonly node: string | null;
  readonly scans: number;
}

describe.each(postgresVersions)("on PostgreSQL $version", ({ url }) => {
  let database: TestDatabase;
  let client: pg.Client;

  beforeEach(async () => {
    database = await createTestDatabase(url);
    await database.query(EXAMPLE_SCHEMA);
    client = new pg.Client({ connectionString: database.url, application_name: "test" });
    await client.connect();
  });
  afterEach(async () => {
    await client.end();
    await database.drop();
  });

  const runnable = RULES.filter(({ failsWith }) => failsWith === null).map((rule) => [rule.id, rule] as const);
  it.each(runnable)("%s: its bad example takes the locks that were foreseen", async (_id, rule) => {
    const { migrations, judgements } = judgedExample(rule.bad);
    for (const migration of migrations.slice(1, -1)) await apply(migration);
    const last = migrations.at(-1);
    if (!last) throw new TypeError(`${rule.id} does not compile`);
    const seen = last.up.transactional ? await watched(last.up.sql) : await watchedFromOutside(last.up.sql);
    const foreseen = strongest(judgements.at(-1)?.foreseen.locks.flat() ?? []);
    // How much of a table an index build or a look-up reads is seen as a scan of it.
    expect(comparable(seen)).toEqual(comparable(foreseen.filter(({ mode }) => mode !== "AccessShareLock")));
    expect(seen).toEqual(expect.arrayContaining([...claimed(rule)]));
  });

  it.each(RULES.filter(({ failsWith }) => failsWith !== null).map((rule) => [rule.id, rule] as const))(
    "%s: its bad example cannot be run at all",
    async (_id, rule) => {
      await client.query("begin");
      const error = await client.query(rule.bad.at(-1) ?? "").catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: rule.failsWith });
      await client.query("rollback");
    },
  );

  it.each(RULES.map((rule) => [rule.id, rule] as const))("%s: its good example works", async (_id, rule) => {
    for (const migration of judgedExample(rule.good).migrations.slice(1)) await apply(migration);
  });

  async function apply(migration: Migration | null | undefined): Promise<void> {
    if (!migration) throw new TypeError("an example does not compile");
    const { sql, statements, transactional } = migration.up;
    if (transactional) await client.query(`begin; ${sql}\n; commit`);
    else for (const { start, end } of statements) await client.query(sql.slice(start, end));
  }

  /** In one transaction of our own, at the end of which the locks are all still held. */
  async function watched(sql: string): Promise<readonly TableLock[]> {
    const before = await relations();
    await client.query(`begin; ${sql}`);
    const after = await relations();
    const locks = await locksOf("pg_backend_pid()");
    await client.query("rollback");
    return locks.flatMap(({ id, mode }) => {
      const [was, is] = [before.get(id), after.get(id)];
      if (was === undefined) return [];
      // An emptied table has a new, empty file, and its indexes are built over nothing.
      const isEmptied = is === undefined || sql.startsWith("truncate");
      const isRewritten = !isEmptied && is.node !== was.node;
      const isScanned = !isEmptied && is.scans > was.scans;
      return [
        { table: { schema: null, name: was.name }, mode, work: isRewritten ? "rewrite" : isScanned ? "scan" : null },
      ];
    });
  }

  /** What runs alone is held up at its end by a transaction that has read the table, and looked at meanwhile. */
  async function watchedFromOutside(sql: string): Promise<readonly TableLock[]> {
    const [holder, watcher] = [client, new pg.Client({ connectionString: database.url, application_name: "test" })];
    const runner = new pg.Client({ connectionString: database.url, application_name: "test" });
    await Promise.all([watcher.connect(), runner.connect()]);
    try {
      const before = await relations();
      await holder.query("begin isolation level repeatable read; select count(*) from session, account");
      const running = runner.query(sql);
      const pid = await pidOf(runner);
      await expect
        .poll(async () => (await watcher.query(`select wait_event_type from pg_stat_activity where pid = ${pid}`)).rows)
        .toEqual([{ wait_event_type: "Lock" }]);
      const { rows } = await watcher.query(LOCKS(`${pid}`));
      await holder.query("commit");
      await running;
      return strongest(
        rows.flatMap(({ id, mode }) => {
          const was = before.get(id);
          return was === undefined ? [] : [{ table: { schema: null, name: was.name }, mode, work: "scan" as const }];
        }),
      );
    } finally {
      await Promise.all([watcher.end(), runner.end()]);
    }
  }

  async function relations(): Promise<ReadonlyMap<string, Relation>> {
    const { rows } = await client.query(RELATIONS);
    return new Map(rows.map(({ id, name, node, scans }) => [id, { name, node, scans: Number(scans) }]));
  }

  async function locksOf(pid: string): Promise<readonly { readonly id: string; readonly mode: LockMode }[]> {
    const { rows } = await client.query<{ id: string; mode: LockMode }>(LOCKS(pid));
    const byTable = Map.groupBy(rows, ({ id }) => id);
    return [...byTable].map(([id, all]) => {
      const table = { schema: null, name: id };
      const [lock] = strongest(all.map(({ mode }) => ({ table, mode, work: null })));
      return { id, mode: lock?.mode ?? "AccessShareLock" };
    });
  }
});

function claimed({ locks }: Rule): readonly TableLock[] {
  return locks.map(({ table, mode, work }) => ({ table: { schema: null, name: table }, mode, work: workSeen(work) }));
}

/** What is only read of a table is nobody's concern here, and neither is the order. */
function comparable(locks: readonly TableLock[]): readonly string[] {
  return locks
    .filter(({ mode }) => mode !== "AccessShareLock" && mode !== "RowShareLock")
    .map(({ table, mode }) => `${table.name} ${mode}`)
    .sort();
}

function workSeen(work: TableLock["work"]): TableLock["work"] {
  return work === "build" ? "scan" : work;
}

async function pidOf(client: pg.Client): Promise<number> {
  return (client as unknown as { readonly processID: number }).processID;
}

const RELATIONS = `select c.oid::text as id, c.relname as name, pg_relation_filenode(c.oid)::text as node,
  coalesce(pg_stat_get_xact_numscans(c.oid), 0) as scans
from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'm')`;

const LOCKS = (pid: string) => `select relation::text as id, mode from pg_locks
where pid = ${pid} and locktype = 'relation' and granted
  and database = (select oid from pg_database where datname = current_database())`;
