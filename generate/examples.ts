// Runs the built command line on an empty PostgreSQL and keeps what it prints: the examples in the documents.
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { onScratchServer } from "../src/build/scratch-server.ts";
import { fenced, type Texts } from "./insertions.ts";
import { unvarying } from "./unvarying.ts";

/** What comes next, with a slip of the pen in the second one. */
const NEXT: Readonly<Record<string, string>> = {
  "20240701_001_session_last_seen.up.sql": "alter table hj_session add column last_seen_at timestamptz;\n",
  "20240702_001_session_owner.up.sql":
    "-- Who a session belongs to, at a glance.\ncreate view hj_session_owner as\n  select id, usr_id from hj_session;\n",
  "20240703_001_client_note.up.sql": "alter table hj_oauth_client add column note text;\n",
};

/** Every example by its name, as a fenced block. `dist/hj.mjs` has to be there. */
export async function examples(root: string): Promise<Texts> {
  const folder = await mkdtemp(join(tmpdir(), "hj-examples-"));
  try {
    return await onScratchServer((serverUrl) => story(root, folder, serverUrl));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function story(root: string, folder: string, serverUrl: string): Promise<Texts> {
  const texts = new Map<string, string>();
  const url = new URL("/hellojohn", serverUrl).href;
  const hj = (command: string) => run(root, folder, command.split(" "), url);
  const show = async (name: string, command: string) => {
    const { output } = await hj(command);
    texts.set(name, fenced("", `$ hj ${command}\n${unvarying(output)}`));
  };
  const begin = async (template: string) => {
    await query(serverUrl, "drop database if exists hellojohn");
    await query(serverUrl, `create database hellojohn template ${template}`);
  };

  await begin("template0");
  await show("first-run", "migrations run");

  // Where most examples begin: five of the seven are applied.
  await copyMigrations(root, join(folder, "five"), 5);
  await begin("template0");
  await hj("migrations run --dir five");
  await query(serverUrl, "create database five template hellojohn");
  await show("status", "migrations status");
  await show("dry-run", "migrations run --dry-run");
  await show("run", "migrations run");
  await show("nothing-to-do", "migrations run");
  await show("list", "migrations list");
  await show("validate", "migrations validate");
  await query(url, "drop index idx_hj_session_user_id; drop table hj_webhook_delivery");
  await show("drift", "migrations validate");
  await begin("five");
  await hj("migrations run");
  await show("rollback-dry-run", "migrations rollback --dry-run");
  await show("rollback", "migrations rollback");

  await copyMigrations(root, join(folder, "migrations"), 7);
  for (const [file, sql] of Object.entries(NEXT)) await writeFile(join(folder, "migrations", file), sql);
  await begin("five");
  await hj("migrations run");
  await show("failed-run", "migrations run --dir migrations");

  await begin("five");
  texts.set("report", fenced("json", unvarying((await hj("migrations run --json")).stdout)));
  return texts;
}

/** The first so many pairs of files. */
async function copyMigrations(root: string, to: string, count: number): Promise<void> {
  await mkdir(to);
  const files = (await readdir(join(root, "migrations"))).sort();
  const versionOf = (file: string) => file.slice(0, "20240115_001".length);
  const versions = [...new Set(files.map(versionOf))].slice(0, count);
  for (const file of files) {
    if (versions.includes(versionOf(file))) await copyFile(join(root, "migrations", file), join(to, file));
  }
}

interface Printed {
  readonly stdout: string;
  /** As a terminal shows it: what is said beside the report comes behind it. */
  readonly output: string;
}

/** Also of a command that fails: that is what some examples show. */
async function run(root: string, cwd: string, args: readonly string[], url: string): Promise<Printed> {
  // Nothing of this machine's settings may show.
  const env = { NO_COLOR: "1", HELLOJOHN_DATABASE_URL: url };
  const program = join(root, "dist", "hj.mjs");
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, ...args], { cwd, env }).catch(
    (error: { readonly stdout: string; readonly stderr: string }) => error,
  );
  return { stdout, output: stdout + stderr };
}

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
