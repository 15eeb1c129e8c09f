// Databases on the server of a measurement, and questions to them. Knows nothing of tools.
import pg from "pg";

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

export async function dropDatabase(serverUrl: string, name: string): Promise<void> {
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
