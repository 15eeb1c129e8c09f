// The tools that are measured, each as its documentation has it: what its files look like, its command, its call.
// Starts and judges nothing.
import { createRequire } from "node:module";
import { join } from "node:path";
import { PEERS } from "../../test/support/peers.ts";
import { type Files, graphileFiles, knexFiles, migrationFiles } from "./files.ts";
import { digits, type SmallMigration } from "./migrations.ts";

/** What a tool is asked to do. Not every tool has a status. */
export type Action = "up" | "status";

/** How a process is started in the directory with a tool's files. */
export interface Command {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** A module whose `prepare(directory, action)` gives the call that is timed, and its directory. */
export interface Call {
  readonly module: string;
  readonly directory: string;
}

/** One tool. A form or an action that it does not have is null. */
export interface Contestant {
  readonly name: string;
  readonly kind: "ours" | "floor" | "peer";
  /** Paths in a directory of its own, and what stands there. */
  readonly files: (migrations: readonly SmallMigration[]) => Files;
  readonly process: (action: Action, databaseUrl: string) => Command | null;
  readonly call: (action: Action) => Call | null;
}

const ROOT = join(import.meta.dirname, "..", "..");
const NODE = process.execPath;
const MODULES = join(PEERS, "node_modules");

/** Its directory is compiled by the process. The call is one of the function that is packaged with it. */
const hj: Contestant = {
  name: "hj",
  kind: "ours",
  files: (migrations) => migrationFiles(migrations, (number) => `migrations/${digits(number)}_step.up.sql`),
  process: (action, databaseUrl) => {
    const program = [NODE, join(ROOT, "dist", "hj.mjs"), "migrations", action === "up" ? "run" : "status"];
    return { command: [...program, "--dir", "migrations"], environment: { HELLOJOHN_DATABASE_URL: databaseUrl } };
  },
  call: () => ({ module: join(import.meta.dirname, "hj-call.mjs"), directory: "migrations" }),
};

const floor: Contestant = {
  name: "floor",
  kind: "floor",
  files: (migrations) => migrationFiles(migrations, (number) => `sql/${digits(number)}_step.sql`),
  process: (action, databaseUrl) => ownProcess(callOf("floor", "sql"), action, databaseUrl),
  call: () => callOf("floor", "sql"),
};

/** https://salsita.github.io/node-pg-migrate/cli and /migrations: one transaction for all is the default. */
const nodePgMigrate: Contestant = {
  name: "node-pg-migrate",
  kind: "peer",
  files: (migrations) =>
    migrationFiles(
      migrations,
      (number) => `migrations/${1_717_200_000_000 + number}_step.sql`,
      (sql) => `-- Up Migration\n${sql}\n-- Down Migration\n`,
    ),
  process: (action, databaseUrl) => (action === "up" ? program("node-pg-migrate", ["up"], databaseUrl) : null),
  call: (action) => (action === "up" ? callOf("node-pg-migrate", "migrations") : null),
};

/** https://knexjs.org/guide/migrations.html: one transaction for all is the default here too. */
const knex: Contestant = {
  name: "knex",
  kind: "peer",
  files: knexFiles,
  process: (action, databaseUrl) => {
    const args = [action === "up" ? "migrate:latest" : "migrate:list", "--knexfile", "knexfile.cjs"];
    const { command, environment } = program("knex", args, databaseUrl);
    // Its program looks for knex itself from the working directory on.
    return { command, environment: { ...environment, NODE_PATH: MODULES } };
  },
  call: () => callOf("knex", "migrations"),
};

/** https://orm.drizzle.team/docs/migrations: without statement breakpoints, which PostgreSQL does not need. */
const drizzle: Contestant = {
  name: "drizzle",
  kind: "peer",
  files: (migrations) => {
    const entries = migrations.map(({ number }) => ({
      idx: number - 1,
      version: "7",
      when: 1_717_200_000_000 + number,
      tag: `${digits(number)}_step`,
      breakpoints: false,
    }));
    return {
      "drizzle/meta/_journal.json": JSON.stringify({ version: "7", dialect: "postgresql", entries }),
      ...migrationFiles(migrations, (number) => `drizzle/${digits(number)}_step.sql`),
    };
  },
  process: (action, databaseUrl) =>
    action === "up" ? ownProcess(callOf("drizzle", "drizzle"), action, databaseUrl) : null,
  call: (action) => (action === "up" ? callOf("drizzle", "drizzle") : null),
};

/** https://github.com/graphile/migrate: what it has committed, without a shadow database of its own. */
const graphileMigrate: Contestant = {
  name: "graphile-migrate",
  kind: "peer",
  files: graphileFiles,
  process: (action, databaseUrl) => {
    const { command, environment } = program("graphile-migrate", [action === "up" ? "migrate" : "status"], databaseUrl);
    return { command, environment: { ...environment, SHADOW_DATABASE_URL: `${databaseUrl}_shadow` } };
  },
  call: () => callOf("graphile-migrate", "migrations"),
};

/** https://github.com/amacneil/dbmate: its program without npm's wrapper, and `migrate`, which does without the look for the database that `up` has. */
const dbmate: Contestant = {
  name: "dbmate",
  kind: "peer",
  files: (migrations) =>
    migrationFiles(
      migrations,
      (number) => `db/migrations/20240601${digits(number)}_step.sql`,
      (sql) => `-- migrate:up\n${sql}\n-- migrate:down\n`,
    ),
  process: (action, databaseUrl) => ({
    command: [dbmateProgram(), "--no-dump-schema", action === "up" ? "migrate" : "status"],
    environment: { DATABASE_URL: `${databaseUrl}?sslmode=disable` },
  }),
  call: () => null,
};

/** In the order of every table. */
export const CONTESTANTS: readonly Contestant[] = [floor, hj, nodePgMigrate, knex, drizzle, graphileMigrate, dbmate];

function callOf(name: string, directory: string): Call {
  return { module: join(PEERS, `${name}.mjs`), directory };
}

/** What npm has put into its folder of programs. */
function program(name: string, args: readonly string[], databaseUrl: string): Command {
  return { command: [NODE, join(MODULES, ".bin", name), ...args], environment: { DATABASE_URL: databaseUrl } };
}

/** For what brings no command: its call, as the only thing that a process does. */
function ownProcess({ module, directory }: Call, action: Action, databaseUrl: string): Command {
  const command = [NODE, join(PEERS, "run.mjs"), module, directory, action];
  return { command, environment: { DATABASE_URL: databaseUrl } };
}

function dbmateProgram(): string {
  const { platform, arch } = process;
  const suffix = platform === "win32" ? ".exe" : "";
  return createRequire(join(PEERS, "package.json")).resolve(`@dbmate/${platform}-${arch}/bin/dbmate${suffix}`);
}
