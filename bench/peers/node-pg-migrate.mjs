// https://salsita.github.io/node-pg-migrate/api, with the defaults of its command: one transaction for all.
import { runner } from "node-pg-migrate";

export async function prepare(dir) {
  const options = { dir, direction: "up", migrationsTable: "pgmigrations", singleTransaction: true, log: () => {} };
  return (databaseUrl) => runner({ ...options, databaseUrl });
}
