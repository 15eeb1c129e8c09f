// Which database, and how to be let in: the HELLOJOHN_DATABASE_ variables, parsed strictly. Pure.
import type { Problem, Refusal } from "../failure/problem.ts";
import {
  type AddressParts,
  completeAddress,
  type DatabaseAddress,
  isHost,
  isName,
  isPort,
  isSslMode,
  type RequiredPart,
  SSL_MODES,
} from "./database-address.ts";
import { namedAfterUser, parseDatabaseUrl } from "./database-url.ts";
import type { Environment } from "./environment.ts";

/** Where the address comes from. */
export type DatabaseSource =
  | { readonly kind: "address"; readonly address: DatabaseAddress; readonly auth: DatabaseAuth }
  | ({ readonly kind: "secret"; readonly auth: DatabaseAuth } & SecretSource);

/** How the server is told who connects: with a password, or with a token signed by AWS. */
export type DatabaseAuth = "secret" | "iam";

/** A secret, and what the environment knows better. */
export interface SecretSource {
  /** Name or ARN. */
  readonly secretId: string;
  /** The key that holds a URL, in a secret that is JSON; null to look for the usual ones. */
  readonly secretKey: string | null;
  readonly overrides: AddressParts;
}

/** The variable that says each part of an address, and what the part is called in a secret. */
export const PARTS: Readonly<Record<RequiredPart, { readonly variable: string; readonly secretKey: string }>> = {
  host: { variable: "HELLOJOHN_DATABASE_HOST", secretKey: "host" },
  user: { variable: "HELLOJOHN_DATABASE_USER", secretKey: "username" },
  database: { variable: "HELLOJOHN_DATABASE_NAME", secretKey: "dbname" },
};

/** What a variable says wins over the same in a URL or a secret. Every problem of every variable at once. */
export function parseDatabaseSettings(environment: Environment): DatabaseSource | Refusal {
  const get = (name: string) => environment[name] || null;
  const url = get("HELLOJOHN_DATABASE_URL");
  const secretId = get("HELLOJOHN_DATABASE_SECRET_ID");
  const secretKey = get("HELLOJOHN_DATABASE_SECRET_KEY");
  const auth = get("HELLOJOHN_DATABASE_AUTH") ?? "secret";
  const overrides = overridesOf(get);
  const problems = [
    ...overrideProblems(get),
    ...(isAuth(auth) ? [] : [invalid("HELLOJOHN_DATABASE_AUTH", `is none of ${AUTHS.join(", ")}`)]),
    ...(url !== null && secretId !== null ? [TWO_SOURCES] : []),
    ...(secretId !== null && !/^(?:arn:[\w/+=.@:!-]{1,2044}|[\w/+=.@!-]{1,512})$/.test(secretId)
      ? [BAD_SECRET_ID]
      : []),
  ];
  const fromUrl = url === null ? {} : parseDatabaseUrl(url, "HELLOJOHN_DATABASE_URL");
  if ("problems" in fromUrl) problems.push(...fromUrl.problems);
  else if (url === null && secretId === null && auth !== "iam") problems.push(NO_DATABASE);
  if ("problems" in fromUrl || !isAuth(auth) || problems.length > 0) return { problems };
  if (secretId !== null) return { kind: "secret", secretId, secretKey, overrides, auth };

  const address = completeAddress({ ...forAuth(auth), ...namedAfterUser(fromUrl), ...overrides });
  if (!("missing" in address)) return checkedForIam({ kind: "address", address, auth }, address);
  return {
    problems: address.missing.map((part) =>
      url === null
        ? invalid(PARTS[part].variable, "is not set, and neither a URL nor a secret says it")
        : invalid("HELLOJOHN_DATABASE_URL", `names no ${part}`, `Put it into the URL, or set ${PARTS[part].variable}.`),
    ),
  };
}

/** Parts that a way of authentication decides unless somebody says otherwise: a token is never sent in the clear. */
export function forAuth(auth: DatabaseAuth): AddressParts {
  return auth === "iam" ? { ssl: "verify-full" } : {};
}

/** https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html: a token needs TLS. */
export function checkedForIam<T extends { readonly auth: DatabaseAuth }>(
  value: T,
  { ssl }: DatabaseAddress,
): T | Refusal {
  if (value.auth !== "iam" || ssl !== "disable") return value;
  return { problems: [invalid("HELLOJOHN_DATABASE_SSL", "is disable, and IAM authentication needs TLS")] };
}

const AUTHS = ["secret", "iam"] as const satisfies readonly DatabaseAuth[];

function isAuth(text: string): text is DatabaseAuth {
  return (AUTHS as readonly string[]).includes(text);
}

type Get = (name: string) => string | null;

function overridesOf(get: Get): AddressParts {
  const [host, port] = [get("HELLOJOHN_DATABASE_HOST"), get("HELLOJOHN_DATABASE_PORT")];
  const [user, database] = [get("HELLOJOHN_DATABASE_USER"), get("HELLOJOHN_DATABASE_NAME")];
  const ssl = get("HELLOJOHN_DATABASE_SSL");
  return {
    ...(host !== null && { host }),
    ...(port !== null && { port: Number(port) }),
    ...(user !== null && { user }),
    ...(database !== null && { database }),
    ...(ssl !== null && isSslMode(ssl) && { ssl }),
  };
}

function overrideProblems(get: Get): readonly Problem[] {
  const check = (name: string, isRight: (text: string) => boolean, expected: string) => {
    const text = get(name);
    return text === null || isRight(text) ? [] : [invalid(name, expected)];
  };
  return [
    ...check("HELLOJOHN_DATABASE_HOST", isHost, "is no host name or address"),
    ...check("HELLOJOHN_DATABASE_PORT", isPortText, "is no port from 1 to 65535"),
    ...check("HELLOJOHN_DATABASE_USER", isName, "is no name that PostgreSQL takes"),
    ...check("HELLOJOHN_DATABASE_NAME", isName, "is no name that PostgreSQL takes"),
    ...check("HELLOJOHN_DATABASE_SSL", isSslMode, `is none of ${SSL_MODES.join(", ")}`),
  ];
}

/** Also for the port of a secret, which may be text. */
export function isPortText(text: string): boolean {
  return /^\d{1,5}$/.test(text) && isPort(Number(text));
}

function invalid(field: string, message: string, hint?: string): Problem {
  return { code: "INVALID_SETTING", field, message, ...(hint !== undefined && { hint }) };
}

const NO_DATABASE = invalid(
  "HELLOJOHN_DATABASE_URL",
  "is not set",
  "Set it to postgresql://USER:PASSWORD@HOST:5432/DATABASE, or HELLOJOHN_DATABASE_SECRET_ID to a secret that holds it.",
);

const TWO_SOURCES = invalid(
  "HELLOJOHN_DATABASE_URL",
  "and HELLOJOHN_DATABASE_SECRET_ID both name a database",
  "Leave one of them out.",
);

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
const BAD_SECRET_ID = invalid(
  "HELLOJOHN_DATABASE_SECRET_ID",
  "is neither the name nor the ARN of a secret",
  "A name has letters, digits and /_+=.@-, an ARN begins with arn:.",
);
