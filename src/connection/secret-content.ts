// What a secret says of a database, whichever of the usual shapes it has. Pure. Never quotes any of it.
import type { Refusal } from "../failure/problem.ts";
import { type AddressParts, completeAddress, type DatabaseAddress, isHost, isName } from "./database-address.ts";
import {
  checkedForIam,
  type DatabaseAuth,
  forAuth,
  isPortText,
  PARTS,
  type SecretSource,
} from "./database-settings.ts";
import { namedAfterUser, parseDatabaseUrl } from "./database-url.ts";

const FIELD = "HELLOJOHN_DATABASE_SECRET_ID";

/**
 * The address that a secret's text and the environment make together; else all that is wrong or missing.
 *
 * Read are a URL, JSON with a URL under a key, and the keys of RDS
 * (https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html), of which the secret
 * that RDS manages itself has only `username` and `password`. What a secret says of TLS is not followed: whether the
 * server is verified is for the environment to say, and the default is that it is.
 */
export function addressFromSecret(
  text: string,
  { secretKey, overrides, auth }: SecretSource & { readonly auth: DatabaseAuth },
): DatabaseAddress | Refusal {
  const parts = partsOfSecret(text, secretKey);
  if ("problems" in parts) return parts;
  const { ssl, rootCertificate, ...known } = parts;
  const address = completeAddress({ ...forAuth(auth), ...known, ...overrides });
  const lacking = "missing" in address ? address.missing : [];
  const needsPassword = auth === "secret" && !parts.password;
  if ("missing" in address || needsPassword) {
    const keys = [...lacking.map((part) => PARTS[part].secretKey), ...(needsPassword ? ["password"] : [])];
    const variables = lacking.map((part) => PARTS[part].variable);
    const hint =
      variables.length === 0 ? "Put it into the secret." : `Put it into the secret, or set ${list(variables)}.`;
    return refuse(`names a secret that holds no ${list(keys, "and no")}`, hint);
  }
  const checked = checkedForIam({ auth }, address);
  return "problems" in checked ? checked : address;
}

function partsOfSecret(text: string, secretKey: string | null): AddressParts | Refusal {
  const trimmed = text.trim();
  if (trimmed === "") return refuse("names a secret that is empty", EXPECTED);
  if (!trimmed.startsWith("{")) {
    if (secretKey !== null) return refuse("names a secret that is no JSON object", `${KEY} asks for one.`);
    const parts = ofSecret(parseDatabaseUrl(trimmed, FIELD), "names a secret that");
    return "problems" in parts ? parts : namedAfterUser(parts);
  }
  const json = parseObject(trimmed);
  if (json === null) return refuse("names a secret that is neither a URL nor a JSON object", EXPECTED);
  const fields = partsOfFields(json);
  const url = urlParts(json, secretKey);
  const problems = [fields, url].flatMap((part) => (part !== null && "problems" in part ? part.problems : []));
  if (problems.length > 0 || "problems" in fields || (url !== null && "problems" in url)) return { problems };
  return url === null ? fields : namedAfterUser({ ...fields, ...url });
}

const KEY = "HELLOJOHN_DATABASE_SECRET_KEY";
const URL_KEYS = ["url", "uri", "connectionString", "databaseUrl", "DATABASE_URL", "HELLOJOHN_DATABASE_URL"];
const EXPECTED = "Expected a postgresql:// URL, or JSON with host, port, username, password and dbname.";

function urlParts(json: Readonly<Record<string, unknown>>, secretKey: string | null): AddressParts | null | Refusal {
  const keys = secretKey === null ? URL_KEYS.filter((key) => Object.hasOwn(json, key)) : [secretKey];
  const values = new Set(keys.map((key) => (Object.hasOwn(json, key) ? json[key] : undefined)));
  if (values.size > 1) {
    return refuse(`names a secret with different values under ${list(keys)}`, `Set ${KEY} to the one that is meant.`);
  }
  const [value] = values;
  if (keys.length === 0) return null;
  if (typeof value === "string") return ofSecret(parseDatabaseUrl(value.trim(), FIELD), "names a secret whose URL");
  return secretKey === null
    ? refuse(`names a secret whose ${list(keys)} is no text`, EXPECTED)
    : {
        problems: [
          { code: "INVALID_SETTING", field: KEY, message: "names a key under which the secret holds no text" },
        ],
      };
}

/** The keys that RDS and its rotation functions write, and read back: they are case-sensitive there too. */
function partsOfFields(json: Readonly<Record<string, unknown>>): AddressParts | Refusal {
  const { engine, host, port, username, password, dbname } = json;
  const wrong = [
    !isAbsent(engine) && (typeof engine !== "string" || !/postgres/i.test(engine)) && "an engine other than postgres",
    !isAbsent(host) && !isText(host, isHost) && "a host that is none",
    !isAbsent(port) && !isPortValue(port) && "a port that is none",
    !isAbsent(username) && !isText(username, isName) && "a username that is none",
    !isAbsent(password) && !isText(password, isName) && "a password that is none",
    !isAbsent(dbname) && !isText(dbname, isName) && "a dbname that is none",
  ].filter((fault) => fault !== false);
  if (wrong.length > 0) return refuse(`names a secret with ${list(wrong)}`, EXPECTED);
  return {
    ...(isText(host, isHost) && { host }),
    ...(!isAbsent(port) && { port: Number(port) }),
    ...(isText(username, isName) && { user: username }),
    ...(isText(password, isName) && { password }),
    ...(isText(dbname, isName) && { database: dbname }),
  };
}

function isPortValue(value: unknown): boolean {
  return (typeof value === "string" || typeof value === "number") && isPortText(String(value));
}

/** Templates write what they do not know as null or as nothing. */
function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

function isText(value: unknown, isRight: (text: string) => boolean): value is string {
  return typeof value === "string" && isRight(value);
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

/** A problem of the URL, told of the secret: "names a secret that is not a URL". */
function ofSecret(parts: AddressParts | Refusal, subject: string): AddressParts | Refusal {
  if (!("problems" in parts)) return parts;
  return { problems: parts.problems.map((problem) => ({ ...problem, message: `${subject} ${problem.message}` })) };
}

function refuse(message: string, hint: string): Refusal {
  return { problems: [{ code: "INVALID_SETTING", field: FIELD, message, hint }] };
}

function list(words: readonly string[], last = "and"): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}
