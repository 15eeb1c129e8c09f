// What a tool finds in its directory: the same SQL in the form that each of them reads. Pure.
import { createHash } from "node:crypto";
import { digits, type SmallMigration } from "./migrations.ts";

/** Contents by path. */
export type Files = Readonly<Record<string, string>>;

/** One file a migration. */
export function migrationFiles(
  migrations: readonly SmallMigration[],
  pathOf: (number: number) => string,
  contentOf: (sql: string) => string = (sql) => sql,
): Files {
  return Object.fromEntries(migrations.map(({ number, sql }) => [pathOf(number), contentOf(sql)]));
}

/** Modules that hand SQL to raw(), and the file that its program reads. */
export function knexFiles(migrations: readonly SmallMigration[]): Files {
  return {
    "knexfile.cjs":
      'module.exports = { client: "pg", connection: process.env.DATABASE_URL, migrations: { directory: "migrations" } };\n',
    ...migrationFiles(
      migrations,
      (number) => `migrations/${digits(number)}_step.cjs`,
      (sql) => `exports.up = (knex) => knex.raw(${JSON.stringify(sql)});\nexports.down = () => {};\n`,
    ),
  };
}

/** Committed migrations: each names the hash of the one before, and its own over both. */
export function graphileFiles(migrations: readonly SmallMigration[]): Files {
  const files: Record<string, string> = { ".gmrc": "{}\n", "migrations/current.sql": "" };
  let previous = "";
  for (const { number, sql } of migrations) {
    const body = sql.trim();
    const digest = createHash("sha1").update(`${`${previous}\n${body}`.trim()}\n`);
    const hash = `sha1:${digest.digest("hex")}`;
    files[`migrations/committed/${digits(number)}.sql`] =
      `--! Previous: ${previous || "-"}\n--! Hash: ${hash}\n\n${body}\n`;
    previous = hash;
  }
  return files;
}
