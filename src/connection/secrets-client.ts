// The client of Secrets Manager. Named imports, so that a bundle holds one command of it and not all: only a dynamic import
// of this file may load it. What its answers and errors mean is in secret-store.ts and aws-failure.ts.
import {
  GetSecretValueCommand,
  type GetSecretValueResponse,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import type { AwsSettings } from "./settings.ts";

/** The labels of a secret's versions: https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html */
export type SecretStage = "AWSCURRENT" | "AWSPENDING";

/** Throws the SDK's errors. */
export interface SecretsClient {
  readonly getSecretValue: (
    secretId: string,
    stage: SecretStage,
    abortSignal: AbortSignal,
  ) => Promise<GetSecretValueResponse>;
}

/** Calls nothing yet; it keeps its connection from one call to the next. */
export function createSecretsClient(aws: AwsSettings): SecretsClient {
  const client = new SecretsManagerClient({
    ...aws,
    maxAttempts: 3,
    // In a VPC without an endpoint for it packets are dropped in silence. The SDK would wait for minutes.
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  });
  return {
    getSecretValue: (SecretId, VersionStage, abortSignal) =>
      client.send(new GetSecretValueCommand({ SecretId, VersionStage }), { abortSignal }),
  };
}
