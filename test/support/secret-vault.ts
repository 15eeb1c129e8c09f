// The secrets of one stub: their versions, and the labels that move between them as AWS moves them. Knows no protocol.
//   https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
import { randomBytes, randomUUID } from "node:crypto";
import { ServiceError } from "./aws-json-api.ts";

/** A text, or the bytes of a binary secret. */
export type SecretValue = string | Uint8Array;

/** One version; without labels it can only be had by its id. */
export interface SecretVersion {
  readonly id: string;
  readonly value: SecretValue;
  readonly createdAt: Date;
  readonly labels: ReadonlySet<string>;
}

/** A secret with its versions. */
export interface Secret {
  readonly name: string;
  readonly arn: string;
  readonly versions: readonly SecretVersion[];
}

/** What a new version may say about itself. */
export interface VersionDetails {
  /** Default: a new one. */
  readonly id?: string | undefined;
  /** Default: now. */
  readonly createdAt?: Date | undefined;
}

/** All secrets of an account in a region. Each function throws the ServiceError with which AWS refuses. */
export interface SecretVault {
  create(name: string, value: SecretValue, details?: VersionDetails): { secret: Secret; version: SecretVersion };
  /** By name, ARN, or ARN without the six characters that AWS adds. */
  find(secretId: string): Secret;
  addVersion(secretId: string, value: SecretValue, labels: readonly string[], details?: VersionDetails): SecretVersion;
  /** Away from the version that has it. */
  moveLabel(secretId: string, label: string, toVersionId: string): void;
  /** Scheduled for deletion a secret is there, but refuses; else it is gone at once. */
  remove(secretId: string, how: "scheduled" | "at-once"): void;
}

/** Where the secrets are, in their ARNs. */
export const REGION = "eu-west-1";
const ACCOUNT = "123456789012";

interface StoredVersion extends SecretVersion {
  readonly labels: Set<string>;
}

interface StoredSecret extends Secret {
  readonly versions: StoredVersion[];
  isScheduledForDeletion: boolean;
}

/** Empty. */
export function createVault(): SecretVault {
  const secrets: StoredSecret[] = [];

  function find(secretId: string): StoredSecret {
    const found = secrets.find(({ name, arn }) => [name, arn, arn.slice(0, -7)].includes(secretId));
    if (found === undefined) {
      throw new ServiceError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
    }
    if (!found.isScheduledForDeletion) return found;
    throw new ServiceError(
      "InvalidRequestException",
      "You can't perform this operation on the secret because it was marked for deletion.",
    );
  }

  return {
    find,
    create(name, value, details) {
      if (secrets.some((other) => other.name === name)) {
        throw new ServiceError("ResourceExistsException", `The secret ${name} already exists.`);
      }
      const suffix = randomBytes(3).toString("hex");
      const arn = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${name}-${suffix}`;
      const secret: StoredSecret = { name, arn, versions: [], isScheduledForDeletion: false };
      secrets.push(secret);
      return { secret, version: addVersion(secret, value, ["AWSCURRENT"], details) };
    },
    addVersion: (secretId, value, labels, details) => addVersion(find(secretId), value, labels, details),
    moveLabel: (secretId, label, toVersionId) => moveLabel(find(secretId), label, toVersionId),
    remove(secretId, how) {
      const secret = find(secretId);
      if (how === "scheduled") secret.isScheduledForDeletion = true;
      else secrets.splice(secrets.indexOf(secret), 1);
    },
  };
}

function addVersion(
  secret: StoredSecret,
  value: SecretValue,
  labels: readonly string[],
  { id = randomUUID(), createdAt = new Date() }: VersionDetails = {},
): SecretVersion {
  if (secret.versions.some((other) => other.id === id)) {
    throw new ServiceError("ResourceExistsException", `A version with the id ${id} already exists.`);
  }
  const version: StoredVersion = { id, value, createdAt, labels: new Set() };
  secret.versions.push(version);
  for (const label of labels) moveLabel(secret, label, id);
  return version;
}

/** With AWSCURRENT goes AWSPREVIOUS, to the version that was current. */
function moveLabel(secret: StoredSecret, label: string, toVersionId: string): void {
  const to = secret.versions.find(({ id }) => id === toVersionId);
  if (to === undefined) throw new Error(`${secret.name} has no version ${toVersionId}`);
  const from = secret.versions.find(({ labels }) => labels.has(label));
  if (from === to) return;
  from?.labels.delete(label);
  to.labels.add(label);
  if (label === "AWSCURRENT" && from !== undefined) moveLabel(secret, "AWSPREVIOUS", from.id);
}
