// The tools that are measured, each as its documentation has it: what its files look like, its command, its call.
// Starts and judges nothing.
import { join } from "node:path";
import { PEERS } from "../install-peers.ts";
import { digits, type SmallMigration } from "./migrations.ts";

/** What a tool is asked to do. Not every tool has a status. */
export type Action = "up" | "status";

/** How a process is started in the directory with a tool's files. */
export interface Command {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** One tool. A form that it does not have is null. */
export interface Contestant {
  readonly name: string;
  readonly kind: "ours" | "floor" | "peer";
  /** Paths in a directory of its own, and what stands there. */
  readonly files: (migrations: readonly SmallMigration[]) => Readonly<Record<string, string>>;
  readonly process: (action: Action, databaseUrl: string) => Command | null;
  /** The module whose `prepare(directory, action)` gives the call that is timed, and its directory. */
  readonly call: (action: Action) => { readonly module: string; readonly directory: string } | null;
}

const ROOT = join(import.meta.dirname, "..", "..");
const NODE = process.execPath;
const peerModule = (name: string) => join(PEERS, `${name}.mjs`);
const peerProgram = (name: string) => join(PEERS, "node_modules", ".bin", name);

const hj: Contestant = {
  name: "hj",
  kind: "ours",
  files: (migrations) => filesOf(migrations, ({ number, sql }) => [`migrations/${digits(number)}_step.up.sql`, sql]),
  process: (action, databaseUrl) => ({
    command: [NODE, join(ROOT, "dist", "hj.mjs"), "migrations", action === "up" ? "run" : "list", "--dir", "migrations"],
    environment: { HELLOJOHN_DATABASE_URL: databaseUrl },
  }),
  call: () => ({ module: join(import.meta.dirname, "hj-call.ts"), directory: "migrations" }),
};

const floor: Contestant = {
  name: "floor",
  kind: "floor",
  files: (migrations) => filesOf(migrations, ({ number, sql }) => [`sql/${digits(number)}_step.sql`, sql]),
  process: (action, databaseUrl) => ownProcess("floor", "sql", action, databaseUrl),
  call: () => ({ module: peerModule("floor"), directory: "sql" }),
};

/** https://salsita.github.io/node-pg-migrate/cli and /migrations: one transaction for all is the default. */
const nodePgMigrate: Contestant = {
  name: "node-pg-migrate",
  kind: "peer",
  files: (migrations) =>
    filesOf(migrations, ({ number, sql }) => [
      `migrations/${1_717_200_000_000 + number}_step.sql`,
      `-- Up Migration\n${sql}\n-- Down Migration\n`,
    ]),
  process: (action, databaseUrl) =>
    action === "up"
      ? { command: [NODE, peerProgram("node-pg-migrate"), "up"], environment: { DATABASE_URL: databaseUrl } }
      : null,
  call: (action) => (action === "up" ? { module: peerModule("node-pg-migrate"), directory: "migrations" } : null),
};

/** In the order of every table. */
export const CONTESTANTS: readonly Contestant[] = [floor, hj, nodePgMigrate];

function filesOf(
  migrations: readonly SmallMigration[],
  fileOf: (migration: SmallMigration) => readonly [path: string, content: string],
): Readonly<Record<string, string>> {
  return Object.fromEntries(migrations.map(fileOf));
}

/** For what brings no command: its call, as the only thing that a process does. */
function ownProcess(name: string, directory: string, action: Action, databaseUrl: string): Command {
  const command = [NODE, join(PEERS, "run.mjs"), peerModule(name), directory, action];
  return { command, environment: { DATABASE_URL: databaseUrl } };
}
