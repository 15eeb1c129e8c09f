// What the wire and the server allow: no lock, no checks, no report. One question, then one message a migration.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";

const PROBE = "select version from floor_migration";
const EVERYTHING = "select * from floor_migration order by version";
const LEDGER =
  "create table floor_migration (version text primary key, checksum text, applied_at timestamptz not null default now());";

/** The SQL is at hand before the call, as the function of this project has it. */
export async function prepare(directory, action) {
  const files = action === "up" ? (await readdir(directory)).sort() : [];
  const migrations = await Promise.all(
    files.map(async (file) => ({ version: file.split("_")[0], sql: await readFile(join(directory, file), "utf8") })),
  );
  return async (connectionString) => {
    const client = new pg.Client({ connectionString });
    await client.connect();
    if (action === "up") await up(client, migrations);
    else await client.query(EVERYTHING);
    await client.end();
  };
}

async function up(client, migrations) {
  const applied = await client.query(PROBE).then(
    ({ rows }) => new Set(rows.map(({ version }) => version)),
    () => null,
  );
  const pending = migrations.filter(({ version }) => !applied?.has(version));
  let ledger = applied === null ? LEDGER : "";
  for (const { version, sql } of pending) {
    const insert = `insert into floor_migration values ('${version}', '${"0".repeat(64)}')`;
    await client.query(`begin;${ledger}\n${sql}\n;${insert};commit`);
    ledger = "";
  }
}
