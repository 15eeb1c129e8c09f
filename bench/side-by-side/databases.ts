// Databases on the server of a measurement, and questions to them. Knows nothing of tools.
import pg from "pg";
import { type Spread, spreadOf } from "./statistics.ts";

/** The address of a database on the server, or on the line, that `url` leads to. */
export function databaseUrl(url: string, name: string): string {
  return Object.assign(new URL(url), { pathname: `/${name}` }).href;
}

/** An empty database; one of that name is dropped before. */
export async function createDatabase(serverUrl: string, name: string): Promise<void> {
  await dropDatabase(serverUrl, name);
  await ask(serverUrl, `create database ${name}`);
  // The first session of a database writes a cache file: that is no tool's doing.
  await ask(databaseUrl(serverUrl, name), "select 1");
}

async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  await ask(serverUrl, `drop database if exists ${name} with (force)`);
}

/** The rows of one statement, in a session of its own. */
export async function ask(url: string, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** What a question and its answer take, of fifty in one session. */
export async function roundTripOf(url: string): Promise<Spread | null> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const taken: number[] = [];
  for (let asked = 0; asked < 50; asked++) {
    const startedAt = performance.now();
    await client.query("select 1");
    taken.push(performance.now() - startedAt);
  }
  await client.end();
  return spreadOf(taken);
}
