// Opens a connection with what a secret says, also in the moments when its password is being changed.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_strategies.html: the password is changed in
// the database before the label AWSCURRENT moves to the version that holds it.
import { MigrationError } from "../failure/failure.ts";
import type { Refusal } from "../failure/problem.ts";
import type { DatabaseAddress } from "./database-address.ts";
import type { DatabaseAuth, SecretSource } from "./database-settings.ts";
import type { Connection } from "./open.ts";
import { addressFromSecret } from "./secret-content.ts";
import type { SecretReader, SecretVersion } from "./secret-store.ts";

/** A version of the secret that has opened a connection. */
export interface CachedSecret {
  readonly version: SecretVersion;
  readonly address: DatabaseAddress;
}

type OpenAddress = (address: DatabaseAddress) => Promise<Connection>;

/** What came of it: a connection and the version that opened it, or what is wrong with the secret. */
export type Opened = { readonly connection: Connection; readonly secret: CachedSecret } | Refusal;

/**
 * Tries the version at hand; refused by the server it fetches again, and tries another version if there is one: at most
 * AWSCURRENT as it is now, and AWSPENDING. Throws a MigrationError that names what was tried.
 */
export async function openWithSecret(
  source: SecretSource & { readonly auth: DatabaseAuth },
  cached: CachedSecret | null,
  secrets: SecretReader,
  open: OpenAddress,
): Promise<Opened> {
  const first = cached?.version ?? (await secrets.current(source.secretId));
  const opened = await attempt(first, source, open);
  // A token is not what is in the secret: another version of it would be refused just the same.
  if (!(opened instanceof MigrationError)) return opened;
  if (source.auth === "iam") throw opened;

  const tried = [first];
  for (const look of [secrets.current, secrets.pending]) {
    // That the server refused the password is what has to be told, not that a second look failed.
    const version = await look(source.secretId).catch(() => null);
    if (version === null || tried.some(({ versionId }) => versionId === version.versionId)) continue;
    const reopened = await attempt(version, source, open);
    if (!(reopened instanceof MigrationError) && !("problems" in reopened)) return reopened;
    tried.push(version);
  }
  throw withVersions(opened, source.secretId, tried);
}

/** Returns the error where the server did not take the password, and throws every other one. */
async function attempt(
  version: SecretVersion,
  source: SecretSource & { readonly auth: DatabaseAuth },
  open: OpenAddress,
): Promise<Opened | MigrationError> {
  const address = version.text === null ? NOT_TEXT : addressFromSecret(version.text, source);
  if ("problems" in address) return address;
  try {
    return { connection: await open(address), secret: { version, address } };
  } catch (error) {
    if (isRefused(error)) return error;
    throw error;
  }
}

const NOT_TEXT: Refusal = {
  problems: [
    {
      code: "INVALID_SETTING",
      field: "HELLOJOHN_DATABASE_SECRET_ID",
      message: "names a secret that is binary and not UTF-8",
    },
  ],
};

function isRefused(error: unknown): error is MigrationError {
  return error instanceof MigrationError && error.failure.code === "AUTHENTICATION_FAILED";
}

function withVersions(refusal: MigrationError, secretId: string, tried: readonly SecretVersion[]): MigrationError {
  const { failure } = refusal;
  if (failure.code !== "AUTHENTICATION_FAILED") return refusal;
  const versions = tried.map(({ versionId, stage, createdAt }) => ({
    versionId,
    stage,
    createdAt: createdAt?.toISOString() ?? null,
  }));
  const named = tried.map((version) => `${version.versionId} (${version.stage}, ${ageOf(version)})`).join(" and ");
  return new MigrationError(
    {
      ...failure,
      message: `${failure.message}; tried version ${named} of the secret`,
      hint: `Nothing was changed. The password in ${JSON.stringify(secretId)} is not the server's: rotate the secret again, or put the right one into it.`,
      details: { ...failure.details, secretVersions: versions },
    },
    { cause: refusal.cause },
  );
}

function ageOf({ createdAt }: SecretVersion): string {
  if (createdAt === null) return "age not known";
  const minutes = Math.max(0, Math.round((Date.now() - createdAt.getTime()) / 60_000));
  if (minutes < 120) return `${minutes} min old`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h old` : `${Math.round(minutes / 1440)} days old`;
}
