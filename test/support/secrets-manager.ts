// AWS Secrets Manager on this machine, for the real SDK, and what a test does to it behind the client's back.
import {
  CreateSecret$,
  type CreateSecretRequest,
  GetSecretValue$,
  type GetSecretValueRequest,
  PutSecretValue$,
  type PutSecretValueRequest,
} from "@aws-sdk/client-secrets-manager";
import { type FaultScope, type JsonApi, operation, ServiceError, startJsonApi } from "./aws-json-api.ts";
import {
  createVault,
  REGION,
  type Secret,
  type SecretValue,
  type SecretVault,
  type SecretVersion,
} from "./secret-vault.ts";

/** What AWS can refuse a call with, whatever is asked for. */
export type SecretsManagerError = keyof typeof MESSAGES;

/** A Secrets Manager with secrets of the test's own. */
export interface SecretsManager extends Omit<JsonApi, "inject"> {
  /** All that the SDK or the AWS CLI needs in its environment to call this one. */
  readonly environment: Readonly<Record<string, string>>;
  create(name: string, value: SecretValue, createdAt?: Date): { readonly arn: string; readonly versionId: string };
  /** A rotation begins: a new version is AWSPENDING, and the database may have its password already. */
  putPending(secretId: string, value: SecretValue, createdAt?: Date): string;
  /** Somebody changes the value: a new version is AWSCURRENT at once. */
  putCurrent(secretId: string, value: SecretValue, createdAt?: Date): string;
  /** What is AWSPENDING becomes AWSCURRENT. It keeps the label AWSPENDING, as under AWS's rotation functions. */
  finishRotation(secretId: string): void;
  /** Default: at once. Scheduled for deletion it answers with InvalidRequestException. */
  remove(secretId: string, how?: "scheduled" | "at-once"): void;
  /** Calls that come now are refused. */
  fail(type: SecretsManagerError, scope?: FaultScope): void;
  /** Calls that come now are never answered. */
  hang(scope?: FaultScope): void;
  /** Calls that come now lose their connection once they are read. */
  closeConnections(scope?: FaultScope): void;
  /** Calls that come now wait, and are answered then. */
  slowDown(ms: number, scope?: FaultScope): void;
}

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html, and CommonErrors.html */
const MESSAGES = {
  ResourceNotFoundException: "Secrets Manager can't find the specified secret.",
  AccessDeniedException:
    "User: arn:aws:sts::123456789012:assumed-role/test/test is not authorized to perform: secretsmanager:GetSecretValue",
  DecryptionFailure: "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
  InvalidRequestException: "You can't perform this operation on the secret because it was marked for deletion.",
  InternalServiceError: "An error occurred on the server side.",
  ThrottlingException: "Rate exceeded",
};

/** Listens on a free port of 127.0.0.1, without a secret. */
export async function startSecretsManager(): Promise<SecretsManager> {
  const vault = createVault();
  const { inject, ...api } = await startJsonApi({
    target: "secretsmanager",
    signingName: "secretsmanager",
    messageMember: "Message",
    operations: operationsOn(vault),
  });
  return {
    ...api,
    environment: {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: api.endpointUrl,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
      AWS_SECRET_ACCESS_KEY: "a-test-has-no-secret-access-key",
    },
    create(name, value, createdAt) {
      const { secret, version } = vault.create(name, value, { createdAt });
      return { arn: secret.arn, versionId: version.id };
    },
    putPending: (secretId, value, createdAt) => vault.addVersion(secretId, value, ["AWSPENDING"], { createdAt }).id,
    putCurrent: (secretId, value, createdAt) => vault.addVersion(secretId, value, ["AWSCURRENT"], { createdAt }).id,
    finishRotation: (secretId) =>
      vault.moveLabel(secretId, "AWSCURRENT", labelled(vault.find(secretId), "AWSPENDING").id),
    remove: (secretId, how = "at-once") => vault.remove(secretId, how),
    fail(type, scope) {
      const status = type === "InternalServiceError" ? 500 : 400;
      inject({ kind: "error", error: new ServiceError(type, MESSAGES[type], status) }, scope);
    },
    hang: (scope) => inject({ kind: "hang" }, scope),
    closeConnections: (scope) => inject({ kind: "close" }, scope),
    slowDown: (ms, scope) => inject({ kind: "delay", ms }, scope),
  };
}

/** As it crosses the wire. */
type OnWire<Request> = Omit<Request, "SecretBinary"> & { readonly SecretBinary?: string };

function operationsOn(vault: SecretVault) {
  return [
    operation(GetSecretValue$, (input: GetSecretValueRequest) => {
      const secret = vault.find(input.SecretId ?? "");
      const { id, value, labels, createdAt } = findVersion(secret, input);
      return {
        ARN: secret.arn,
        Name: secret.name,
        VersionId: id,
        ...(typeof value === "string"
          ? { SecretString: value }
          : { SecretBinary: Buffer.from(value).toString("base64") }),
        VersionStages: [...labels],
        CreatedDate: createdAt.getTime() / 1000,
      };
    }),
    operation(CreateSecret$, (input: OnWire<CreateSecretRequest>) => {
      const details = { id: input.ClientRequestToken };
      const { secret, version } = vault.create(input.Name ?? "", valueIn(input), details);
      return { ARN: secret.arn, Name: secret.name, VersionId: version.id };
    }),
    operation(PutSecretValue$, (input: OnWire<PutSecretValueRequest>) => {
      const { arn, name } = vault.find(input.SecretId ?? "");
      const labels = input.VersionStages ?? ["AWSCURRENT"];
      const version = vault.addVersion(arn, valueIn(input), labels, { id: input.ClientRequestToken });
      return { ARN: arn, Name: name, VersionId: version.id, VersionStages: [...version.labels] };
    }),
  ];
}

function findVersion(secret: Secret, { VersionId, VersionStage }: GetSecretValueRequest): SecretVersion {
  if (VersionId === undefined) return labelled(secret, VersionStage ?? "AWSCURRENT");
  const version = secret.versions.find(({ id }) => id === VersionId);
  if (version === undefined) throw noVersion(`VersionId: ${VersionId}`);
  if (VersionStage === undefined || version.labels.has(VersionStage)) return version;
  throw new ServiceError("InvalidRequestException", "VersionStage and VersionId do not name the same version.");
}

function labelled({ versions }: Secret, label: string): SecretVersion {
  const version = versions.find(({ labels }) => labels.has(label));
  if (version === undefined) throw noVersion(`staging label: ${label}`);
  return version;
}

function noVersion(wanted: string): ServiceError {
  const message = `Secrets Manager can't find the specified secret value for ${wanted}`;
  return new ServiceError("ResourceNotFoundException", message);
}

function valueIn({ SecretString, SecretBinary }: OnWire<PutSecretValueRequest | CreateSecretRequest>): SecretValue {
  return SecretString ?? Buffer.from(SecretBinary ?? "", "base64");
}
