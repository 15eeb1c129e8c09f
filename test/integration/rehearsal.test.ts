// Migrations are tried on an empty PostgreSQL by the build: it comes to an end, and leaves nothing behind.
import { chmod, mkdtemp, readdir, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { rehearsed } from "../../src/build/rehearsal.ts";
import { connectTo } from "../../src/connection/connect-to.ts";
import { postgresVersions } from "../support/database.ts";
import { manifestOf } from "../support/manifest.ts";
import { rehearsedManifest } from "../support/rehearsed-manifest.ts";

const FILES = { "0001_a.up.sql": "create table a (id int);" };

describe.each(postgresVersions)("a rehearsal on PostgreSQL $version", ({ url }) => {
  it.each([
    ["in a transaction", "select pg_sleep(600);"],
    ["alone", "-- hj:transaction off\nselect pg_sleep(600);"],
  ])("of a migration that does not end (%s) ends at its time-out", async (_how, sql) => {
    const manifest = manifestOf({ ...FILES, "0002_b.up.sql": `-- hj:timeout 1s\n${sql}` });
    await expect(rehearsedManifest(manifest, url)).rejects.toMatchObject({
      failure: { message: expect.stringMatching(/^0002_b fails on an empty database: .*statement timeout/) },
    });
  });
});

describe("a rehearsal of the build", () => {
  it("does not believe a result that was half written", async () => {
    const cacheDirectory = await mkdtemp(join(tmpdir(), "hj-kept-"));
    onTestFinished(() => rm(cacheDirectory, { recursive: true }));
    const options = { connectTo, cacheDirectory };
    const first = await rehearsed(manifestOf(FILES), options);
    const [kept = ""] = await readdir(cacheDirectory);
    await truncate(join(cacheDirectory, kept), 10);
    expect(await rehearsed(manifestOf(FILES), options)).toEqual(first);
  });

  it("leaves no directory behind when a migration fails", async () => {
    const temporary = await mkdtemp(join(tmpdir(), "hj-temporary-"));
    await chmod(temporary, 0o755);
    onTestFinished(() => rm(temporary, { recursive: true }));
    vi.stubEnv("TMPDIR", temporary);
    onTestFinished(() => void vi.unstubAllEnvs());
    const manifest = manifestOf({ "0001_a.up.sql": "create table a (id nonsense);" });
    await expect(rehearsed(manifest, { connectTo, cacheDirectory: null })).rejects.toThrow(
      "fails on an empty database",
    );
    expect((await readdir(temporary)).filter((name) => name.startsWith("hj-rehearsal-"))).toEqual([]);
  });

  describe("with contract migrations", () => {
    const BEFORE = {
      "0001_a.up.sql": "create table a (id int, name text);",
      "0002_full_name.up.sql": "alter table a add column full_name text;",
    };
    const CONTRACT = "-- hj:phase contract after 0002\n";
    const without = { connectTo, cacheDirectory: null };

    it("tries both orders, and keeps what is other in the second one", async () => {
      const cacheDirectory = await mkdtemp(join(tmpdir(), "hj-kept-"));
      onTestFinished(() => rm(cacheDirectory, { recursive: true }));
      const manifest = manifestOf({
        ...BEFORE,
        "0003_mail.up.sql": `${CONTRACT}alter table a alter column full_name set not null;`,
        "0004_default.up.sql": "alter table a alter column full_name set default 'none';",
      });
      const first = await rehearsed(manifest, { connectTo, cacheDirectory });
      if ("problems" in first) throw new Error(JSON.stringify(first.problems));
      const definitions = first.migrations.map(({ change, changeExpandFirst }) =>
        [change, changeExpandFirst].map((one) => one?.sets.map(({ definition }) => definition).join()),
      );
      expect(definitions.slice(2)).toEqual([
        ["text not null", "text not null default 'none'::text"],
        ["text not null default 'none'::text", "text default 'none'::text"],
      ]);
      expect(await rehearsed(manifest, { connectTo: () => expect.unreachable("tried again"), cacheDirectory })).toEqual(
        first,
      );
    });

    it("refuses a schema that depends on the order, and says where", async () => {
      const manifest = manifestOf({
        ...BEFORE,
        "0003_view.up.sql": `${CONTRACT}create or replace view v as select id from a;`,
        "0004_view.up.sql": "create or replace view v as select id, full_name from a;",
      });
      // The other order would make a view of fewer columns, which PostgreSQL refuses.
      expect(await rehearsed(manifest, without)).toMatchObject({
        problems: [
          {
            code: "INVALID_MIGRATION",
            file: "0003_view.up.sql",
            line: 2,
            message: expect.stringMatching(
              /^when all expand migrations are applied before all contract ones: 0003_view fails/,
            ),
            hint: expect.stringContaining("no other migration may touch what it takes away"),
          },
        ],
      });
      const silent = manifestOf({
        ...BEFORE,
        "0003_default.up.sql": `${CONTRACT}alter table a alter column id set default 1;`,
        "0004_default.up.sql": "alter table a alter column id set default 2;",
      });
      expect(await rehearsed(silent, without)).toMatchObject({
        problems: [
          {
            code: "INVALID_MIGRATION",
            file: "0003_default.up.sql",
            version: "0003",
            message: expect.stringMatching(
              /^the schema depends on when 0003_default is applied: .*: different column a\.id \(integer default 2 \/ integer default 1\)$/,
            ),
          },
        ],
      });
    });

    it("costs nothing where there is none", async () => {
      let servers = 0;
      const counting = (url: string) => {
        servers++;
        return connectTo(url);
      };
      await rehearsed(manifestOf(BEFORE), { connectTo: counting, cacheDirectory: null });
      expect(servers).toBe(1);
    });
  });
});
