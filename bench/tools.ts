// The tools that are measured, each as its documentation has it run from a shell: what its migration file looks like,
// its command, its environment. Starts and judges nothing.
import { join } from "node:path";
import { PEERS } from "../test/support/peers.ts";

/** One way to run one tool. */
export interface Tool {
  readonly name: string;
  /** Where the migration goes, relative to the directory it is run in, and what stands in the file. */
  readonly migrationFile: string;
  readonly migration: (sql: string) => string;
  readonly command: readonly string[];
  readonly environment: (databaseUrl: string) => Readonly<Record<string, string>>;
}

const ROOT = join(import.meta.dirname, "..");
const PROGRAMS = join(PEERS, "node_modules", ".bin");
/** What a careful team gives to a peer, of its own accord: as long as the longest lock time-out of this tool. */
const LOCK_TIMEOUT = "2s";

const hj: Tool = {
  name: "hj",
  migrationFile: "migrations/20240601_001_region.up.sql",
  migration: (sql) => sql,
  command: [process.execPath, join(ROOT, "dist", "hj.mjs"), "migrations", "run", "--dir", "migrations"],
  environment: (databaseUrl) => ({ HELLOJOHN_DATABASE_URL: databaseUrl }),
};

/** https://salsita.github.io/node-pg-migrate/cli and /migrations: a file of SQL with both directions. */
const nodePgMigrate: Tool = {
  name: "node-pg-migrate 9.0.0",
  migrationFile: "migrations/1717200000000_region.sql",
  migration: (sql) => `-- Up Migration\n${sql}\n-- Down Migration\n`,
  command: [join(PROGRAMS, "node-pg-migrate"), "up"],
  environment: (databaseUrl) => ({ DATABASE_URL: databaseUrl }),
};

/** https://github.com/amacneil/dbmate: without the schema file that `up` writes by pg_dump, which npm does not bring. */
const dbmate: Tool = {
  name: "dbmate 2.36.0",
  migrationFile: "db/migrations/20240601000000_region.sql",
  migration: (sql) => `-- migrate:up\n${sql}\n-- migrate:down\n`,
  command: [join(PROGRAMS, "dbmate"), "--no-dump-schema", "up"],
  environment: (databaseUrl) => ({ DATABASE_URL: withParameter(databaseUrl, "sslmode", "disable") }),
};

/** In the order of the table. */
export const TOOLS: readonly Tool[] = [
  hj,
  nodePgMigrate,
  dbmate,
  { ...nodePgMigrate, ...limited(nodePgMigrate, "options", `-c lock_timeout=${LOCK_TIMEOUT}`) },
  { ...dbmate, ...limited(dbmate, "lock_timeout", LOCK_TIMEOUT) },
];

/** The same with a lock time-out, by the parameter of a URL that the tool's driver reads. */
function limited(tool: Tool, parameter: string, value: string): Pick<Tool, "name" | "environment"> {
  return {
    name: `${tool.name}, lock_timeout ${LOCK_TIMEOUT}`,
    environment: (databaseUrl) => tool.environment(withParameter(databaseUrl, parameter, value)),
  };
}

function withParameter(databaseUrl: string, name: string, value: string): string {
  const url = new URL(databaseUrl);
  url.searchParams.set(name, value);
  return url.href.replaceAll("+", "%20");
}
