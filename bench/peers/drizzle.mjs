// https://orm.drizzle.team/docs/migrations: migrate(), the way that needs no development tool where it runs.
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";

export async function prepare(migrationsFolder) {
  return async (connectionString) => {
    const client = new pg.Client({ connectionString });
    await client.connect();
    await migrate(drizzle(client), { migrationsFolder });
    await client.end();
  };
}
