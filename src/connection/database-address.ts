// Where a database is and who connects to it: put together from parts, and shown without its password. Pure.

/** As libpq defines them: https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION */
export type SslMode = "disable" | "require" | "verify-ca" | "verify-full";

export const SSL_MODES = ["disable", "require", "verify-ca", "verify-full"] as const satisfies readonly SslMode[];

/** All that a connection needs. */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Null where none is known: the server may not ask, or a token stands in for it. */
  readonly password: string | null;
  readonly database: string;
  readonly ssl: SslMode;
  /** A file with the certificates to trust instead of the system's and Amazon's; null for those. */
  readonly rootCertificate: string | null;
}

/** What one source knows of an address: a URL, a secret, the environment. */
export type AddressParts = { readonly [Part in keyof DatabaseAddress]?: DatabaseAddress[Part] };

/** What no address can do without. */
export type RequiredPart = "host" | "user" | "database";

const REQUIRED: readonly RequiredPart[] = ["host", "user", "database"];
const DEFAULT_PORT = 5432;

/**
 * Completes what is known, or lists what is missing.
 *
 * Where nothing says otherwise the server's certificate is verified, except on the loopback interface, which nobody can
 * tap who could not read this process.
 */
export function completeAddress(parts: AddressParts): DatabaseAddress | { readonly missing: readonly RequiredPart[] } {
  const { host, user, database } = parts;
  if (!host || !user || !database) return { missing: REQUIRED.filter((part) => !parts[part]) };
  return {
    host,
    port: parts.port ?? DEFAULT_PORT,
    user,
    password: parts.password || null,
    database,
    ssl: parts.ssl ?? (isLoopback(host) ? "disable" : "verify-full"),
    rootCertificate: parts.rootCertificate ?? null,
  };
}

/** True for names and addresses that stay on this machine. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/.test(host);
}

/** The region of an endpoint of RDS, `eu-west-1` of `db.c2x.eu-west-1.rds.amazonaws.com`; null for every other host. */
export function rdsRegion(host: string): string | null {
  return /\.([a-z]+(?:-[a-z]+)+-\d)\.rds\.amazonaws\.com\.?$/i.exec(host)?.[1]?.toLowerCase() ?? null;
}

/** Not the start of a path, which the driver takes for a socket, and nothing that would change a line of a log. */
export function isHost(text: string): boolean {
  return /^[\w.:-]{1,253}$/.test(text);
}

/**
 * The protocol ends a name at a NUL byte, and what follows would be read as start-up parameters. Half a surrogate pair,
 * which JSON can hold, would be sent as another character.
 */
export function isName(text: string): boolean {
  return text !== "" && !text.includes("\0") && text.isWellFormed();
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

export function isSslMode(text: string): text is SslMode {
  return (SSL_MODES as readonly string[]).includes(text);
}

/** The URL that reports and people see: no password, no parameters. */
export function maskedUrl(address: DatabaseAddress): string {
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  const credentials = encodeURIComponent(address.user) + (address.password === null ? "" : ":***");
  return `postgresql://${credentials}@${host}:${address.port}/${encodeURIComponent(address.database)}`;
}
