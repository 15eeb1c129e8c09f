// A database that another tool migrated with the same SQL, adopted on the command line.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { readDirectory } from "../../src/build/read-directory.ts";
import { hj } from "../support/command-line.ts";
import { postgresVersions } from "../support/database.ts";
import { installPeers, PEERS } from "../support/peers.ts";
import { freshDatabase, journalOf } from "../support/workplace.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const PROGRAMS = join(PEERS, "node_modules", ".bin");
const { url: serverUrl } = postgresVersions.at(-1) as { url: string };

/** How another tool is given the same SQL, and run. */
interface Peer {
  readonly file: (digits: string) => string;
  readonly content: (sql: string) => string;
  readonly command: readonly string[];
  readonly urlOf: (url: string) => string;
}

const TOOLS: Readonly<Record<string, Peer>> = {
  dbmate: {
    file: (digits) => `db/migrations/${digits}_step.sql`,
    content: (sql) => `-- migrate:up\n${sql}\n-- migrate:down\n`,
    command: ["dbmate", "--no-dump-schema", "up"],
    urlOf: (url) => `${url}?sslmode=disable`,
  },
  "node-pg-migrate": {
    file: (digits) => `migrations/${digits}_step.sql`,
    content: (sql) => `-- Up Migration\n${sql}\n-- Down Migration\n`,
    command: ["node-pg-migrate", "up"],
    urlOf: (url) => url,
  },
};

beforeAll(installPeers);

/** Both run a file as one transaction, where PostgreSQL refuses to build an index concurrently; the index is the same. */
async function migrateWith({ file, content, command, urlOf }: Peer, databaseUrl: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "hj-peer-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const sources = await readDirectory(join(ROOT, "migrations"));
  if ("problems" in sources) throw new Error(JSON.stringify(sources.problems));
  for (const { file: name, sql } of sources.filter(({ file }) => file.endsWith(".up.sql"))) {
    // The digits of our version, as a time stamp of fourteen.
    const path = join(directory, file(`${name.slice(0, 12).replaceAll("_", "")}000`));
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(path, content(sql.replaceAll(/concurrently/gi, "")));
  }
  const [program = "", ...args] = command;
  const env = { PATH: process.env["PATH"], DATABASE_URL: urlOf(databaseUrl) };
  await promisify(execFile)(join(PROGRAMS, program), args, { cwd: directory, env });
}

test.each(Object.entries(TOOLS))(
  "%s has migrated it: adopt says what is there, records it with --yes, and a run has nothing to do",
  async (_tool, peer) => {
    const database = await freshDatabase(serverUrl);
    await migrateWith(peer, database.url);
    const env = { HELLOJOHN_DATABASE_URL: database.url };

    const shown = await hj(["migrations", "adopt"], { env });
    expect(shown).toMatchObject({ exitCode: 0, stderr: "" });
    expect(shown.stdout).toMatch(/^The schema is what 7 of 7 migrations make:\n {2}20240115_001_initial_schema\n/);
    expect(shown.stdout).toMatch(/Nothing was recorded\. Run hj migrations adopt --yes to record them as applied\.\n$/);
    expect(await database.query("select to_regclass('hj_migration') as journal")).toEqual([{ journal: null }]);

    const adopted = await hj(["migrations", "adopt", "--yes"], { env });
    expect(adopted.stdout).toMatch(/^✅ Recorded 7 of 7 migrations as applied\. Schema version: 20240601_002\n/);
    expect(await journalOf(database)).toHaveLength(7);
    expect(await hj(["migrations", "run"], { env })).toMatchObject({
      exitCode: 0,
      stdout: "✅ Database schema is up to date (version: 20240601_002)\n",
    });
    expect((await hj(["migrations", "validate"], { env })).stdout).toContain("All 34 tables present");

    const again = await hj(["migrations", "adopt", "--yes"], { env });
    expect(again.exitCode).toBe(2);
    expect(again.stderr).toContain("there is nothing to adopt");
  },
);
