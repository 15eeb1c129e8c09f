// Debian's PgBouncer in front of a test's server. Knows nothing of what is sent through it.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { giveTo, serverAccount, temporaryPath } from "../../src/embedded/unprivileged.ts";
import { installedProgram } from "./installed-program.ts";
import { startOnFreePort, startWatched } from "./watched-process.ts";

/** How sessions share backends: https://www.pgbouncer.org/features.html */
export interface PgbouncerOptions {
  readonly mode: "transaction" | "session";
  /** Further lines of the section [pgbouncer], for example `default_pool_size`: https://www.pgbouncer.org/config.html */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A pooler that serves until `stop()`. */
export interface Pgbouncer {
  /** The given URL, with the pooler's host and port. The database `pgbouncer` is its console. */
  readonly url: string;
  log(): string;
  stop(): Promise<void>;
}

/** The program, or null where it is not installed: for `describe.runIf(pgbouncer !== null)`. */
export const pgbouncer: string | null = installedProgram("pgbouncer");

/**
 * Serves every database and role of the server; `serverUrl` is a superuser's, with a password. A role logs in with its
 * own password, which PgBouncer looks up as that superuser.
 */
export async function startPgbouncer(serverUrl: string, options: PgbouncerOptions): Promise<Pgbouncer> {
  if (pgbouncer === null) throw new Error("pgbouncer is not installed: apt-get install pgbouncer");
  const program = pgbouncer;
  const account = serverAccount();
  const directory = await mkdtemp(await temporaryPath(account, "hj-pgbouncer-"));
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    const server = new URL(serverUrl);
    const password = decodeURIComponent(server.password).replaceAll('"', '""');
    await writeFile(join(directory, "users.txt"), `"${server.username}" "${password}"\n`, { mode: 0o600 });
    await giveTo(account, join(directory, "users.txt"), 0o600);
    await giveTo(account, directory, 0o700);
    return await startOnFreePort(async (port) => {
      const file = join(directory, "pgbouncer.ini");
      await writeFile(file, configuration(server, port, directory, options));
      const started = await startWatched([program, file], {
        account,
        cwd: directory,
        readyWhen: /process up/,
      });
      const url = Object.assign(new URL(server), { hostname: "127.0.0.1", port: String(port) }).href;
      const stop = () => started.stop().then(remove);
      return { url, log: started.output, stop };
    }, /Address already in use/);
  } catch (error) {
    await remove();
    throw error;
  }
}

function configuration(server: URL, port: number, directory: string, { mode, settings }: PgbouncerOptions): string {
  const all = {
    listen_addr: "127.0.0.1",
    listen_port: String(port),
    // None: the port is enough, and the default directory may not be ours.
    unix_socket_dir: "",
    pool_mode: mode,
    auth_type: "scram-sha-256",
    auth_file: join(directory, "users.txt"),
    auth_user: server.username,
    auth_query: "select usename, passwd from pg_shadow where usename = $1",
    admin_users: server.username,
    ...settings,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
  return `[databases]
* = host=${server.hostname} port=${server.port || "5432"}
[pgbouncer]
${lines.join("\n")}
`;
}
