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
});
