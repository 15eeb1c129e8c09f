// Reads secrets from AWS Secrets Manager. What is in one is read in secret-content.ts.
import type { GetSecretValueResponse } from "@aws-sdk/client-secrets-manager";
import { secretFailure } from "./aws-failure.ts";
import type { Redactor } from "./redact.ts";
import type { SecretStage, SecretsClient } from "./secrets-client.ts";
import type { AwsSettings } from "./settings.ts";

/** One version of a secret. */
export interface SecretVersion {
  readonly versionId: string;
  readonly stage: SecretStage;
  readonly createdAt: Date | null;
  /** Null when it is binary and not UTF-8. */
  readonly text: string | null;
}

/** Fetches versions, never from a cache; throws a MigrationError. */
export interface SecretReader {
  readonly current: (secretId: string) => Promise<SecretVersion>;
  /** Null when no rotation is under way. */
  readonly pending: (secretId: string) => Promise<SecretVersion | null>;
}

/** A reader that gives up when the signal is aborted: by somebody, or by a time-out. */
export type ReaderUntil = (signal: AbortSignal) => SecretReader;

/** The client is loaded and made with the first call, and keeps its connection for later ones. */
export function createSecretReader(aws: AwsSettings, { learn }: Redactor): ReaderUntil {
  let client: Promise<SecretsClient> | null = null;
  async function read(secretId: string, stage: SecretStage, signal: AbortSignal): Promise<SecretVersion> {
    client ??= import("./secrets-client.ts").then(({ createSecretsClient }) => createSecretsClient(aws));
    const response = await (await client).getSecretValue(secretId, stage, signal);
    const text = textOf(response);
    // Before anything is done with it: also a secret that nobody can read is one.
    if (text !== null) learn(text.trim());
    return { versionId: response.VersionId ?? "", stage, createdAt: response.CreatedDate ?? null, text };
  }
  return (signal) => ({
    current: (secretId) =>
      read(secretId, "AWSCURRENT", signal).catch((error: unknown) => {
        throw secretFailure(signal.aborted ? signal.reason : error, secretId);
      }),
    pending: (secretId) =>
      read(secretId, "AWSPENDING", signal).catch((error: unknown) => {
        if (error instanceof Error && error.name === "ResourceNotFoundException") return null;
        throw secretFailure(signal.aborted ? signal.reason : error, secretId);
      }),
  });
}

function textOf({ SecretString, SecretBinary }: GetSecretValueResponse): string | null {
  if (SecretString !== undefined) return SecretString;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(SecretBinary ?? new Uint8Array());
  } catch {
    return null;
  }
}
