// Opens a connection to a database, once. Waiting for one that is not up yet is in wait-for-database.ts.
import type { Duplex } from "node:stream";
import { Client } from "pg";
import { connectionFailure } from "./connection-failure.ts";
import type { DatabaseAddress } from "./database-address.ts";
import { tlsOptions } from "./tls.ts";

/** An open session. It ends with `end()`, and must be ended by whoever opened it. */
export type Connection = Client;

/** Gives pg something to talk through in place of a socket. */
export type OpenStream = () => Duplex;

/**
 * Opens a session within `timeoutMs`, or throws a MigrationError that says what is in the way. A signal that is aborted
 * meanwhile ends it; one that was aborted before does not, so that a run which is not to begin can say what is pending.
 *
 * No start-up parameter is sent but user, database and encoding: RDS Proxy and PgBouncer refuse a connection that brings
 * time-outs or options (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy.html), and PgBouncer hands a
 * name on to the backends of others.
 */
export async function openConnection(
  address: DatabaseAddress,
  timeoutMs: number,
  signal: AbortSignal,
  openStream?: OpenStream,
): Promise<Connection> {
  const client = new Client({
    host: address.host,
    port: address.port,
    user: address.user,
    // A function, so that the driver does not look for a password in PGPASSWORD or ~/.pgpass where there is none.
    password: () => address.password ?? "",
    database: address.database,
    ssl: await tlsOptions(address),
    client_encoding: "UTF8",
    ...(openStream && { stream: openStream }),
    connectionTimeoutMillis: Math.max(1, Math.ceil(timeoutMs)),
    // A ten-minute index build sends no byte, and NAT gateways forget a silent connection after 350 s.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
  withoutEnvironment(client);
  // Without a listener, a connection that is lost between two messages ends the process. The next message learns of it.
  // Once the server has said why, the driver adds that the connection ended.
  client.on("error", (error) => lastWords.has(client) || lastWords.set(client, error));
  // A host that drops packets is not answered for by anybody: whoever pressed Ctrl-C would wait for the time-out.
  const stop = () => hangUp(client, "stopped while connecting");
  signal.addEventListener("abort", stop, { once: true });
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw connectionFailure(error, address);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/**
 * Ends the connection without a word to the server, as the driver does it itself at its time-out: `end()` would wait for
 * what is under way. Whoever waits for an answer gets an Error with the reason.
 */
export function hangUp(connection: Connection, reason: string): void {
  const { stream } = (connection as unknown as { readonly connection: { readonly stream: Duplex } }).connection;
  stream.destroy(new Error(reason));
}

/**
 * What ended a session between two messages, with the server's SQLSTATE where it said one: the driver tells that nobody
 * who asks later. Undefined while nothing did.
 */
export function lastWordsOf(connection: Connection): Error | undefined {
  return lastWords.get(connection);
}

const lastWords = new WeakMap<Connection, Error>();

/** The process id that the server announced; behind a pooler it is not the backend's. */
export function announcedPid(connection: Connection): number {
  return (connection as unknown as { readonly processID: number }).processID;
}

/** The driver takes what it is not told from PGOPTIONS and the like, and nothing can be said that means "none". */
function withoutEnvironment(client: Client): void {
  const { connectionParameters } = client as unknown as { connectionParameters: Record<string, unknown> };
  for (const name of ["options", "replication", "application_name"]) connectionParameters[name] = undefined;
}
