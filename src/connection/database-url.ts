// Takes a database URL apart, strictly. Pure.
import type { Problem, Refusal } from "../failure/problem.ts";
import { type AddressParts, isHost, isSslMode, SSL_MODES } from "./database-address.ts";

/**
 * Reads `postgresql://user:password@host:5432/database?sslmode=verify-full`. What the URL lacks is left out,
 * also the database, which `namedAfterUser` adds where nobody else names it. Problems name `field` and never quote the URL, because it may hold a
 * password even where it is malformed.
 *
 * The parameters have libpq's meaning (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS)
 * and never reach the driver, whose own reading of `sslmode` is another one.
 */
export function parseDatabaseUrl(text: string, field: string): AddressParts | Refusal {
  const refuse = (messages: readonly string[]): Refusal => ({
    problems: messages.map((message): Problem => ({ code: "INVALID_SETTING", field, message, hint: HINT })),
  });
  if (!URL.canParse(text)) return refuse(["is not a URL"]);
  const url = new URL(text);
  if (url.protocol !== "postgresql:" && url.protocol !== "postgres:") return refuse(["is not a postgresql:// URL"]);

  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const [user, password, path] = [url.username, url.password, url.pathname.slice(1)].map(decode);
  const faults = [...faultsOf(url), ...tlsFaults(url.searchParams)];
  if (user == null || password == null || path == null)
    return refuse(["holds a % that is not followed by two hex digits", ...faults]);
  if (host !== "" && !isHost(host)) faults.push("names a host that is none");
  if ([user, password, path].some((part) => part.includes("\0"))) faults.push("holds a NUL character (%00)");
  if (faults.length > 0) return refuse(faults);
  return {
    ...(host !== "" && { host }),
    ...(url.port !== "" && { port: Number(url.port) }),
    ...(user !== "" && { user }),
    ...(path !== "" && { database: path }),
    ...(password !== "" && { password }),
    ...tlsParts(url.searchParams),
  };
}

/** As libpq does for a URL; a secret with a user and a password only says nothing about the database. */
export function namedAfterUser(parts: AddressParts): AddressParts {
  return parts.user === undefined ? parts : { database: parts.user, ...parts };
}

// Never quoted, neither these nor the URL: an unescaped ? or / in a password makes half of it a path or a parameter.
function faultsOf(url: URL): string[] {
  const parameters = [...url.searchParams.keys()];
  const faults: string[] = [];
  if (url.hash !== "") faults.push("holds a #, which has to be written %23 in a password");
  if (url.pathname.slice(1).match(/[@/]/))
    faults.push("holds an @ or a / behind its host, which have to be written %40 and %2F");
  if (url.port === "0") faults.push("has the port 0");
  if (parameters.some((parameter) => !FOLLOWED.includes(parameter) && !WITHOUT_EFFECT.includes(parameter)))
    faults.push(`has a parameter other than ${FOLLOWED.join(" and ")}`);
  return faults;
}

const FOLLOWED = ["sslmode", "sslrootcert"];

/** What this tool does in any case, or what changes nothing for it: a URL that another client uses may say it. */
const WITHOUT_EFFECT = [
  "application_name",
  "connect_timeout",
  "keepalives",
  "keepalives_count",
  "keepalives_idle",
  "keepalives_interval",
  "target_session_attrs",
];

/** `allow` and `prefer` are left out: with them it is the server, or who sits between, that decides on encryption. */
function tlsFaults(parameters: URLSearchParams): readonly string[] {
  const mode = parameters.get("sslmode");
  const faults = FOLLOWED.filter((name) => parameters.getAll(name).length > 1).map(
    (name) => `has more than one ${name}`,
  );
  if (mode !== null && !isSslMode(mode)) faults.push(`has an sslmode that is none of ${SSL_MODES.join(", ")}`);
  if (parameters.get("sslrootcert") === "") faults.push("has an empty sslrootcert");
  return faults;
}

/** libpq: `require` with a root certificate verifies like `verify-ca`, and `system` stands for the system's roots. */
function tlsParts(parameters: URLSearchParams): AddressParts {
  const [mode, root] = [parameters.get("sslmode"), parameters.get("sslrootcert")];
  const ssl = mode === "require" && root !== null ? "verify-ca" : mode;
  return {
    ...(ssl !== null && isSslMode(ssl) && { ssl }),
    ...(root !== null && root !== "system" && { rootCertificate: root }),
  };
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
