// From settings to an open connection: the address, the password or token, and the wait for a database that comes up.
import { MigrationError } from "../failure/failure.ts";
import type { Problem, Refusal } from "../failure/problem.ts";
import { type DatabaseAddress, isLoopback, maskedUrl } from "./database-address.ts";
import { type Connection, type OpenStream, openConnection } from "./open.ts";
import type { Redactor } from "./redact.ts";
import { type CachedSecret, openWithSecret } from "./rotation.ts";
import { createSecretReader } from "./secret-store.ts";
import type { Settings } from "./settings.ts";
import { type ConnectOptions, openWhenUp, waitFor } from "./wait-for-database.ts";

/** An open connection, and what a report says of where it leads. */
export interface Connected {
  /** Ended by whoever asked for it. */
  readonly connection: Connection;
  readonly host: string;
  /** No password in it. */
  readonly maskedUrl: string;
  /** How long this database may be waited for. */
  readonly waitMs: number;
  readonly warnings: readonly Problem[];
}

/** A new session each time. Throws a MigrationError; a refusal is a secret that does not say enough. */
export type Connect = (options: ConnectOptions) => Promise<Connected | Refusal>;

/**
 * One for each invocation: it keeps the secret that opened a connection, with its version, for the connections that
 * follow. A warm function that kept it longer would migrate the database that the secret led to yesterday, which may still
 * answer after a restore or a move. Every secret it learns is told to the redactor before it is used.
 */
export function createConnector(
  { database, databaseWaitMs, aws }: Settings,
  redactor: Redactor,
  openStream?: OpenStream,
): Connect {
  const secrets = createSecretReader(aws, redactor);
  let cached: CachedSecret | null = null;

  async function open(address: DatabaseAddress, timeoutMs: number, signal: AbortSignal): Promise<Connection> {
    const known = [address.host, address.user, address.database];
    const password = database.auth === "iam" ? await tokenFor(address) : address.password;
    if (password !== null) redactor.learn(password, known);
    try {
      return await openConnection({ ...address, password }, timeoutMs, signal, openStream);
    } catch (error) {
      throw database.auth === "iam" ? aboutToken(error, address) : error;
    }
  }

  async function tokenFor(address: DatabaseAddress): Promise<string> {
    const { signToken } = await import("./iam-token.ts");
    return signToken(address, aws);
  }

  const openWithin = (address: DatabaseAddress, waitMs: number, options: ConnectOptions) =>
    openWhenUp(address.host, (timeoutMs) => open(address, timeoutMs, options.signal), waitMs, options);

  return async (options) => {
    if (database.kind === "address") {
      const { address } = database;
      const connection = await openWithin(address, waitFor(address.host, databaseWaitMs), options);
      return connectedTo(address, connection, databaseWaitMs);
    }
    const endsAt = performance.now() + options.withinMs;
    const leftMs = () => endsAt - performance.now();
    const reader = secrets(AbortSignal.any([options.signal, AbortSignal.timeout(timerMs(options.withinMs))]));
    const opened = await openWithSecret(database, cached, reader, (address) =>
      // Each opening has what the ones before it left.
      openWithin(address, waitFor(address.host, databaseWaitMs), { ...options, withinMs: leftMs() }),
    );
    if ("problems" in opened) return opened;
    cached = opened.secret;
    return connectedTo(opened.secret.address, opened.connection, databaseWaitMs);
  };
}

/**
 * Loads what the first connection will need. For Lambda's initialisation, which has two processors, while the invocations
 * of a function of 512 MB have a third of one. What cannot be loaded is told by the connection itself.
 */
export function preload({ database }: Settings): void {
  if (database.kind === "secret") import("./secrets-client.ts").catch(() => {});
  if (database.auth === "iam") import("./iam-token.ts").catch(() => {});
}

/** Longer ones than a timer takes are never over: the client of Secrets Manager has time-outs of its own. */
function timerMs(ms: number): number {
  return Math.ceil(Math.min(Math.max(1, ms), 2 ** 31 - 1));
}

function connectedTo(address: DatabaseAddress, connection: Connection, settingMs: number | null): Connected {
  const { host } = address;
  const waitMs = waitFor(host, settingMs);
  return { connection, host, maskedUrl: maskedUrl(address), waitMs, warnings: warningsAbout(address) };
}

function warningsAbout({ host, ssl }: DatabaseAddress): readonly Problem[] {
  const isUnverified = ssl === "require" || (ssl === "disable" && !isLoopback(host));
  if (!isUnverified) return [];
  const what = ssl === "require" ? "the certificate is not verified" : "the connection is not encrypted";
  const message = `${what}: whoever sits between here and ${host} can read and change everything`;
  return [{ code: "TLS_UNVERIFIED", message, hint: "Set HELLOJOHN_DATABASE_SSL=verify-full." }];
}

function aboutToken(error: unknown, { user, host }: DatabaseAddress): unknown {
  if (!(error instanceof MigrationError) || error.failure.code !== "AUTHENTICATION_FAILED") return error;
  const hint = `Run: grant rds_iam to ${JSON.stringify(user)}; turn IAM authentication on for ${host}, and allow rds-db:connect on its dbuser.`;
  return new MigrationError({ ...error.failure, hint }, { cause: error.cause });
}
