// Opens a connection to a database. How a failed attempt is explained is in connection-failure.ts.
import { Client, type ClientConfig } from "pg";
import { connectionFailure } from "./connection-failure.ts";
import type { DatabaseAddress } from "./database-url.ts";

/** An open session. It ends with `end()`, and must be ended by whoever opened it. */
export type Connection = Client;

/**
 * Long enough for a TLS handshake across availability zones, short enough that a security group which drops packets
 * is reported and not waited for.
 */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Opens a session, or throws a MigrationError that says what is in the way.
 *
 * No start-up parameter but user and database is sent: RDS Proxy and PgBouncer refuse a connection that brings
 * time-outs or options (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy.html).
 */
export async function openConnection(address: DatabaseAddress): Promise<Connection> {
  const client = new Client({
    host: address.host,
    port: address.port,
    user: address.user,
    ...(address.password === null ? {} : { password: address.password }),
    database: address.database,
    ssl: tlsOptions(address),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    // A ten-minute index build sends no byte, and NAT gateways forget a silent connection after 350 s.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
  // Without a listener, a connection that is lost between two messages ends the process. The next message learns of it.
  client.on("error", () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw connectionFailure(error, address);
  }
}

function tlsOptions({ ssl }: DatabaseAddress): NonNullable<ClientConfig["ssl"]> {
  switch (ssl) {
    case "disable":
      return false;
    case "require":
      return { rejectUnauthorized: false };
    case "verify-ca":
      return { rejectUnauthorized: true, checkServerIdentity: () => undefined };
    case "verify-full":
      return { rejectUnauthorized: true };
  }
}
