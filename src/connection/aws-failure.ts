// Says why AWS gave no secret or no token, from what its client threw. Pure.
import { type Failure, MigrationError } from "../failure/failure.ts";

/** For a call to Secrets Manager. Never quotes AWS's message, which can name roles and accounts. */
export function secretFailure(error: unknown, secretId: string): MigrationError {
  return new MigrationError(credentialsFailure(error) ?? explainSecret(nameOf(error), secretId), { cause: error });
}

/** For a token that could not be signed. */
export function tokenFailure(error: unknown): MigrationError {
  const name = nameOf(error);
  return new MigrationError(
    credentialsFailure(error) ?? {
      code: "AWS_CREDENTIALS_UNUSABLE",
      message: `no token for IAM authentication could be signed (${name})`,
      hint: "Nothing was changed. Check the credentials and the region of this process.",
      details: { reason: name },
    },
    { cause: error },
  );
}

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html#API_GetSecretValue_Errors
function explainSecret(name: string, secretId: string): Failure {
  const secret = JSON.stringify(secretId);
  const details = { secretId, reason: name };
  switch (name) {
    case "ResourceNotFoundException":
      return {
        code: "SECRET_NOT_FOUND",
        message: `there is no secret ${secret}, or it has no current version`,
        hint: "Nothing was changed. Check its name (--secret-id, HELLOJOHN_DATABASE_SECRET_ID), the region and the account.",
        details,
      };
    case "InvalidRequestException":
      return {
        code: "SECRET_NOT_FOUND",
        message: `the secret ${secret} is scheduled for deletion`,
        hint: "Nothing was changed. Restore it (aws secretsmanager restore-secret), or name another one.",
        details,
      };
    case "InvalidParameterException":
    case "ValidationException":
      return {
        code: "SECRET_NOT_FOUND",
        message: `${secret} is neither the name nor the ARN of a secret`,
        hint: "Nothing was changed. Correct --secret-id or HELLOJOHN_DATABASE_SECRET_ID.",
        details,
      };
    case "AccessDeniedException":
      return {
        code: "SECRET_ACCESS_DENIED",
        message: `this role may not read the secret ${secret}`,
        hint: "Nothing was changed. Allow secretsmanager:GetSecretValue on it, and kms:Decrypt where it has a key of its own.",
        details,
      };
    case "DecryptionFailure":
      return {
        code: "SECRET_ACCESS_DENIED",
        message: `the secret ${secret} could not be decrypted with its key`,
        hint: "Nothing was changed. Allow kms:Decrypt on its key, and see that the key is enabled.",
        details,
      };
    // The reason of a signal that somebody aborted; a deadline's is a TimeoutError.
    case "AbortError":
      return {
        code: "CANCELLED",
        message: `stopped while reading the secret ${secret}`,
        hint: "Nothing was changed by this run.",
        details: { version: null },
      };
    default:
      return {
        code: "SECRET_UNAVAILABLE",
        message: `Secrets Manager gave no answer for ${secret} (${name})`,
        hint: "Nothing was changed. In a VPC without a NAT gateway it needs an interface endpoint for secretsmanager, whose security group lets this one in.",
        details,
      };
  }
}

function credentialsFailure(error: unknown): Failure | null {
  const name = nameOf(error);
  if (isAboutRegion(error)) {
    return {
      code: "AWS_CREDENTIALS_UNUSABLE",
      message: "no AWS region is set, or it is the name of none",
      hint: "Nothing was changed. Set AWS_REGION, or give --region or --profile.",
      details: { reason: "RegionMissing" },
    };
  }
  if (!UNUSABLE.has(name)) return null;
  return {
    code: "AWS_CREDENTIALS_UNUSABLE",
    message: `no usable AWS credentials: ${UNUSABLE.get(name)}`,
    hint: "Nothing was changed. Log in (aws sso login, aws configure), or give another --profile.",
    details: { reason: name },
  };
}

// https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html, and the SDK's own for "none found".
const UNUSABLE: ReadonlyMap<string, string> = new Map([
  ["CredentialsProviderError", "none were found"],
  ["TokenProviderError", "the login is not valid any more"],
  ["ExpiredTokenException", "they have expired"],
  ["ExpiredToken", "they have expired"],
  ["UnrecognizedClientException", "AWS does not know them"],
  ["InvalidClientTokenId", "AWS does not know them"],
  ["InvalidSignatureException", "AWS does not accept the signature; is this machine's clock right?"],
  ["IncompleteSignature", "AWS does not accept the signature"],
]);

/** The SDK throws a plain Error for it, another one for a variable that is set to nothing. */
function isAboutRegion(error: unknown): boolean {
  return error instanceof Error && /^Region (?:is missing|not accepted)/.test(error.message);
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const code: unknown = "code" in error ? error.code : null;
  return typeof code === "string" && error.name === "Error" ? code : error.name;
}
