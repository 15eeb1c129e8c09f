// A trial of migrations, on the oldest and the newest server: up, down and up again, and the locks that they really take.
import { describe, expect, it } from "vitest";
import { connectTo } from "../../src/connection/connect-to.ts";
import { type Trial, tryMigrations } from "../../src/engine/trial.ts";
import type { Manifest } from "../../src/migration/manifest.ts";
import { createTestDatabase, postgresVersions } from "../support/database.ts";
import { helloJohnManifest } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";

describe.each(postgresVersions)("a trial on PostgreSQL $version", ({ url }) => {
  async function tried(manifest: Manifest, isTried = (_version: string) => true): Promise<readonly Trial[]> {
    const database = await createTestDatabase(url);
    try {
      const target = { connect: connectTo(database.url), schema: "public", journal: "hj_migration" };
      return await tryMigrations(manifest, target, ({ version }) => isTried(version));
    } finally {
      await database.drop();
    }
  }

  it("finds HelloJohn's own migrations the same after down and up again", async () => {
    const trials = await tried(await helloJohnManifest());
    expect(trials.map(({ failure }) => failure)).toEqual(trials.map(() => null));
    const reversals = trials.map(({ reversal }) => reversal);
    expect(reversals).toEqual([null, ...Array.from({ length: 6 }, () => ({ afterDown: [], afterUpAgain: [] }))]);
  });

  it("sees the locks of every statement and what was rewritten, also behind code that no rule looks into", async () => {
    const trials = await tried(
      manifestOf({
        "1_a.up.sql": "create table a (id int primary key); create table b (id int); create table c (id int);",
        "2_b.up.sql":
          "do $$ begin alter table a add column n uuid default gen_random_uuid(); end $$; create index on b (id); insert into c values (1); drop table c;",
      }),
    );
    expect(trials[1]?.traced).toEqual({
      isComplete: true,
      locks: expect.arrayContaining([
        { table: { schema: null, name: "a" }, mode: "AccessExclusiveLock", work: "rewrite" },
        { table: { schema: null, name: "b" }, mode: "ShareLock", work: null },
        { table: { schema: null, name: "c" }, mode: "AccessExclusiveLock", work: null },
      ]),
    });
    expect(trials[1]?.traced.locks).toHaveLength(3);
  });

  it("takes no table for rewritten that is emptied, nor misses one that a domain has written anew", async () => {
    const trials = await tried(
      manifestOf({
        "1_a.up.sql": "create table a (id int); create table b (id int); create domain d as int check (value > 0);",
        "2_b.up.sql": "-- Gone.\ntruncate b; alter table a add column n d;",
      }),
    );
    const works = new Map(trials[1]?.traced.locks.map(({ table, work }) => [table.name, work]));
    expect([...works].sort()).toEqual([
      ["a", "rewrite"],
      ["b", null],
    ]);
  });

  it("says once of a file without a transaction that a table was written anew", async () => {
    const trials = await tried(
      manifestOf({
        "1_a.up.sql": "create table a (id int);",
        "2_b.up.sql": "-- hj:transaction off\nalter table a alter id type bigint;\ncreate index on a (id);",
      }),
    );
    expect(trials[1]?.traced.locks.map(({ mode, work }) => [mode, work])).toEqual([
      ["AccessExclusiveLock", "rewrite"],
      ["ShareLock", null],
    ]);
  });

  it("watches each statement of a file without a transaction, and says that it did not see those that run alone", async () => {
    const trials = await tried(
      manifestOf({
        "1_a.up.sql": "create table a (id int);",
        "2_b.up.sql":
          "-- hj:transaction off\nalter table a add column b int;\ncreate index concurrently a_b_idx on a (b);\ncreate index a_id_idx on a (id);",
        "2_b.down.sql":
          "-- hj:transaction off\ndrop index concurrently a_b_idx;\ndrop index a_id_idx;\nalter table a drop column b;",
      }),
    );
    expect(trials[1]).toMatchObject({
      traced: {
        isComplete: false,
        locks: [
          { table: { name: "a" }, mode: "AccessExclusiveLock" },
          { table: { name: "a" }, mode: "ShareLock" },
        ],
      },
      reversal: { afterDown: [], afterUpAgain: [] },
    });
  });

  it("says what a down leaves behind, and what it takes too much", async () => {
    const trials = await tried(
      manifestOf({
        "1_a.up.sql": "create table a (id int); create index a_id_idx on a (id);",
        "2_b.up.sql": "create table if not exists b (id int); alter table a add column if not exists n int;",
        "2_b.down.sql": "drop index a_id_idx; alter table a alter id type bigint; drop table b;",
      }),
    );
    expect(trials[1]?.reversal).toEqual({
      afterDown: ["index a_id_idx is gone", "column a.id is different", "column a.n is still there"],
      afterUpAgain: ["index a_id_idx is gone", "column a.id is different"],
    });
  });

  it.each([
    ["an up", { "2_b.up.sql": "select nothing;" }, /^2_b fails on an empty database: column "nothing"/],
    ["a down", { "2_b.up.sql": "select 1;", "2_b.down.sql": "drop table b;" }, /^2_b cannot be taken back: table "b"/],
    [
      "an up after its down",
      { "2_b.up.sql": "create table b ();", "2_b.down.sql": "select 1;" },
      /^2_b fails after its down: relation "b" already exists/,
    ],
  ])("ends with %s that fails, and says where", async (_what, files, message) => {
    const trials = await tried(manifestOf({ "1_a.up.sql": "select 1;", ...files, "3_c.up.sql": "select 1;" }));
    expect(trials.map(({ failure }) => failure?.message ?? null)).toEqual([null, expect.stringMatching(message)]);
    expect(trials[1]?.failure?.details).toMatchObject({ line: 1 });
  });

  it("applies what is not tried, and tells nothing of it", async () => {
    const files = { "1_a.up.sql": "create table a ();", "1_a.down.sql": "select no;", "2_b.up.sql": "drop table a;" };
    const trials = await tried(manifestOf(files), (version) => version === "2");
    expect(trials.map(({ migration, failure }) => [migration.version, failure])).toEqual([["2", null]]);
  });
});
