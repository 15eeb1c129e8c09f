// Takes a database URL apart, strictly, and puts it together again without its password. Pure.
import type { Problem, Refusal } from "../failure/problem.ts";

/** As libpq defines them: https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION */
export type SslMode = "disable" | "require" | "verify-ca" | "verify-full";

/** Where a database is and who connects to it. */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Null when the URL has none. */
  readonly password: string | null;
  readonly database: string;
  readonly ssl: SslMode;
}

const SSL_MODES: readonly string[] = ["disable", "require", "verify-ca", "verify-full"] satisfies SslMode[];
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;

/**
 * Reads `postgresql://user:password@host:5432/database?sslmode=verify-full`. Problems name `field` and never quote
 * the URL, because it may hold a password even where it is malformed.
 *
 * Without `sslmode` the server's certificate is verified, except on the loopback interface, which nobody can tap
 * who could not read this process.
 */
export function parseDatabaseUrl(text: string, field: string): DatabaseAddress | Refusal {
  const refuse = (...messages: readonly string[]): Refusal => ({
    problems: messages.map((message): Problem => ({ code: "INVALID_SETTING", field, message, hint: HINT })),
  });
  if (!URL.canParse(text)) return refuse("is not a URL");
  const url = new URL(text);
  if (url.protocol !== "postgresql:" && url.protocol !== "postgres:") return refuse("is not a postgresql:// URL");

  // Never quoted, neither these nor the URL: an unescaped ? or / in a password makes half of it a path or a parameter.
  const parameters = [...url.searchParams.keys()];
  const faults: string[] = [];
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const [user, password, path] = [url.username, url.password, url.pathname.slice(1)].map(decode);
  const database = path === "" ? user : path;
  if (host === "") faults.push("names no host");
  if (user === "") faults.push("names no user");
  if (user === null || password === null || path === null)
    faults.push("holds a % that is not followed by two hex digits");
  if (url.hash !== "") faults.push("holds a #, which has to be written %23 in a password");
  if (url.pathname.slice(1).match(/[@/]/))
    faults.push("holds an @ or a / behind its host, which have to be written %40 and %2F");
  if (url.port === "0") faults.push("has the port 0");
  if (parameters.some((parameter) => parameter !== "sslmode")) faults.push("has a parameter other than sslmode");
  if (parameters.filter((parameter) => parameter === "sslmode").length > 1) faults.push("has more than one sslmode");
  const ssl = url.searchParams.get("sslmode") ?? (LOOPBACK.test(host) ? "disable" : "verify-full");
  if (!isSslMode(ssl)) faults.push(`has an sslmode that is none of ${SSL_MODES.join(", ")}`);
  if (faults.length > 0 || !user || !database || !isSslMode(ssl)) return refuse(...faults);
  return { host, port: Number(url.port || 5432), user, password: password || null, database, ssl };
}

/** The URL that reports and people see: no password, no parameters. */
export function maskedUrl(address: DatabaseAddress): string {
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  const credentials = encodeURIComponent(address.user) + (address.password === null ? "" : ":***");
  return `postgresql://${credentials}@${host}:${address.port}/${encodeURIComponent(address.database)}`;
}

const HINT =
  "Expected postgresql://USER:PASSWORD@HOST:5432/DATABASE, with special characters in the password percent-encoded.";

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function isSslMode(text: string): text is SslMode {
  return SSL_MODES.includes(text);
}
