// A database that was dumped and restored: PostgreSQL prints some of its definitions differently then, which is no drift.
import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { postgresVersions } from "../support/database.ts";
import { helloJohnManifest, runEvent } from "../support/engine.ts";
import { manifestOf } from "../support/manifest.ts";
import { rehearsedManifest } from "../support/rehearsed-manifest.ts";
import { freshDatabase } from "../support/workplace.ts";

const run = promisify(execFile);

/** Null where it is not installed. */
async function versionOf(program: string): Promise<number | null> {
  const places = (process.env["PATH"] ?? "").split(delimiter).map((directory) => join(directory, program));
  const found = await Promise.any(places.map((place) => access(place))).then(
    () => true,
    () => false,
  );
  if (!found) return null;
  const { stdout } = await run(program, ["--version"]);
  return Number(/\d+/.exec(stdout)?.[0]);
}

const dumper = await versionOf("pg_dump");
/** pg_dump refuses a server that is newer than itself. */
const dumpable = postgresVersions.filter(({ version }) => dumper !== null && version <= dumper);

/** Expressions of the kind that comes back in other words. */
const WORDY = manifestOf({
  "0001_a.up.sql":
    "create table a (n varchar(5) check (n in ('x', 'y')), m varchar(5) default 'z'); create index on a (n) where n in ('x', 'y');",
});

describe.runIf(dumpable.length > 0)("a dump and restore (skipped where there is no pg_dump for a server)", () => {
  it.each(dumpable)("of PostgreSQL $version is valid, with warnings at the most", async ({ url }) => {
    for (const files of [await helloJohnManifest(), WORDY]) {
      const manifest = await rehearsedManifest(files, url);
      const [source, target] = [await freshDatabase(url), await freshDatabase(url)];
      await runEvent(source.url, manifest, { command: "run" });
      const { stdout } = await run("pg_dump", ["--no-owner", source.url], { maxBuffer: 64 * 1024 * 1024 });
      const restoring = run("psql", ["--quiet", "--set=ON_ERROR_STOP=1", target.url]);
      restoring.child.stdin?.end(stdout);
      await restoring;
      const report = await runEvent(target.url, manifest, { command: "validate" });
      expect(report).toMatchObject({ ok: true, outcome: "valid" });
      const levels = "drift" in report ? report.drift.map(({ level }) => level) : [];
      expect(levels.filter((level) => level !== "warning")).toEqual([]);
      // That the words do change is what makes this a test.
      if (files === WORDY) expect(levels).toContain("warning");
    }
  });
});
