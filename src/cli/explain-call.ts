// Says why a call of AWS led to no answer of the function: pure, from the error that the SDK threw.
import { type FunctionTarget, labelOf, statusCommandOf } from "./function-target.ts";
import type { NoReport } from "./no-report.ts";

/** What was being done when the error came. */
export interface Call {
  readonly target: FunctionTarget;
  /** Null when none was found. */
  readonly region: string | null;
  /** As a policy names it. */
  readonly action: "lambda:InvokeFunction" | "lambda:GetFunctionConfiguration";
}

/** Lambda refuses to invoke a function that is being prepared, or that was put away because nobody used it for weeks. */
export function isAsleep(error: unknown): boolean {
  return ["ResourceNotReadyException", "ResourceConflictException"].includes(factsOf(error).name);
}

/** For every error, also one that nobody has seen yet: then nothing is claimed of the run. */
export function explainCallError(error: unknown, call: Call): NoReport {
  const facts = factsOf(error);
  const rule = RULES.find(({ matches }) => matches(facts));
  if (rule !== undefined) return rule.explain(facts, call);
  const { target } = call;
  const isRefused = isClientError(facts);
  return {
    message: `${isRefused ? "AWS refuses" : "something went wrong with"} the call of ${labelOf(target)}: ${facts.name}: ${facts.message}`,
    hint: isRefused ? NOTHING_RAN : mayGoOn(target),
    exitCode: 1,
  };
}

/** For a function that did not become active; `state` and `reason` are Lambda's. */
export function explainAsleep(target: FunctionTarget, state: string, reason: string | undefined): NoReport {
  const because = reason === undefined ? "" : `: ${reason}`;
  return {
    message: `${labelOf(target)} cannot be invoked, its state is ${state}${because}`,
    hint: `${NOTHING_RAN} aws lambda get-function-configuration shows the state; Failed needs a new deployment of the function, Pending more time.`,
    exitCode: 1,
  };
}

/** The sentence about a request that went out, and of which no answer came back. */
export function mayGoOn(target: FunctionTarget): string {
  return `The run may go on in AWS, and no second one was started. Look with: ${statusCommandOf(target)}`;
}

interface Facts {
  readonly name: string;
  readonly message: string;
  readonly code: string;
  /** The system call that failed, where one did. */
  readonly syscall: string;
  /** HTTP's; null when no answer came. */
  readonly status: number | null;
  /** Which limit throttled the call. */
  readonly reason: string | null;
}

interface Rule {
  readonly matches: (facts: Facts) => boolean;
  readonly explain: (facts: Facts, call: Call) => NoReport;
}

const NOTHING_RAN = "Nothing was run.";

/** The first that matches. The exceptions: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors */
const RULES: readonly Rule[] = [
  {
    matches: ({ message }) => /^region (?:is missing|not accepted)/i.test(message),
    explain: (_facts, { target }) => ({
      message: `no AWS region is known for ${labelOf(target)}, or it is the name of none`,
      hint: `Give --region, or set AWS_REGION or a region in the profile. ${NOTHING_RAN}`,
      exitCode: 2,
    }),
  },
  {
    matches: ({ name }) => /^(?:CredentialsProviderError|TokenProviderError|ProviderError)$/.test(name),
    explain: ({ message }, { target: { profile } }) => ({
      message: `no AWS credentials were found${profile === undefined ? "" : ` by the profile ${profile}`}: ${message}`,
      hint: `Give --profile, set AWS_PROFILE, or log in (aws sso login); aws sts get-caller-identity tests it. ${NOTHING_RAN}`,
      exitCode: 2,
    }),
  },
  {
    matches: ({ name }) =>
      /^(?:Expired|UnrecognizedClient|Invalid(?:Signature|ClientToken)|Signature|Incomplete)/.test(name),
    explain: ({ message }) => ({
      message: `AWS does not accept the credentials: ${message}`,
      hint: `They may have expired: log in again (aws sso login) or renew them; aws sts get-caller-identity tests it. ${NOTHING_RAN}`,
      exitCode: 2,
    }),
  },
  {
    // The SDK could not read it, or found no error's name in it: a proxy's page, or another server's.
    matches: ({ name, status }) => status !== null && (name === "SyntaxError" || name === "Unknown"),
    explain: ({ status }, { target }) => ({
      message: `the call of ${labelOf(target)} got an answer that is not from Lambda: HTTP ${status}`,
      hint: `Check --endpoint-url and what is between here and AWS. ${isClientError({ status }) ? NOTHING_RAN : mayGoOn(target)}`,
      exitCode: 1,
    }),
  },
  {
    matches: ({ name, status }) => name.startsWith("AccessDenied") || status === 403,
    explain: ({ message }, { target, action }) => ({
      message: `these credentials may not call ${action} on ${labelOf(target)}: ${message}`,
      hint: `Allow ${action} on that function to this role, or use another --profile. ${NOTHING_RAN}`,
      exitCode: 1,
    }),
  },
  {
    matches: ({ name }) => name === "ResourceNotFoundException",
    explain: (_facts, { target, region }) => ({
      message: `there is no function ${labelOf(target)} in ${region ?? "that region"} of this account`,
      hint: `Check --function (what follows the colon is a version or an alias), --region and --profile. ${NOTHING_RAN}`,
      exitCode: 2,
    }),
  },
  {
    matches: ({ name, status }) => name === "TooManyRequestsException" || /^Throttl/.test(name) || status === 429,
    explain: ({ message, reason }, { target }) => ({
      message: `AWS throttled the call of ${labelOf(target)}: ${reason ?? message}`,
      hint: `${NOTHING_RAN} Another run may be on, where the function's concurrency is limited. Try again in a moment.`,
      exitCode: 1,
    }),
  },
  {
    matches: ({ name, status }) => name === "RequestTooLargeException" || status === 413,
    explain: ({ message }) => ({
      message: `the event is larger than Lambda takes (6 MB): ${message}`,
      hint: NOTHING_RAN,
      exitCode: 2,
    }),
  },
  {
    matches: ({ name }) => /^(?:InvalidRequestContent|InvalidParameterValue|Validation)/.test(name),
    explain: ({ message }, { target }) => ({
      message: `AWS does not understand the call of ${labelOf(target)}: ${message}`,
      hint: NOTHING_RAN,
      exitCode: 2,
    }),
  },
  {
    matches: ({ name }) => /^(?:ResourceNotReady|ResourceConflict)Exception$/.test(name),
    explain: ({ message }, { target }) => explainAsleep(target, "not active", message),
  },
  {
    matches: ({ name }) =>
      /^(?:EC2|ENI|EFS|S3Files|KMS|SnapStart|Subnet|InvalidSubnet|InvalidSecurity|InvalidRuntime|InvalidZip|Recursive)/.test(
        name,
      ),
    explain: ({ name, message }, { target }) => ({
      message: `Lambda cannot start ${labelOf(target)}: ${name}: ${message}`,
      hint: `${NOTHING_RAN} Mend the function's configuration, then run again.`,
      exitCode: 1,
    }),
  },
  {
    matches: isNotConnected,
    explain: ({ message }, { target, region }) => ({
      message: `${target.endpointUrl ?? `AWS Lambda in ${region}`} cannot be reached: ${message}`,
      hint: `${NOTHING_RAN} Check --region, --endpoint-url and the network; for a certificate of your own, NODE_EXTRA_CA_CERTS.`,
      exitCode: 1,
    }),
  },
  {
    matches: ({ status, code }) => status === null && code !== "",
    explain: ({ message }, { target }) => ({
      message: `the connection to AWS was lost after the request went out: ${message}`,
      hint: mayGoOn(target),
      exitCode: 1,
    }),
  },
];

/** HTTP's own promise that the request was not carried out. */
function isClientError({ status }: Pick<Facts, "status">): boolean {
  return status !== null && status >= 400 && status < 500;
}

/** Before the request can have gone out: no name, no route, nobody who listens, no trust. */
function isNotConnected({ name, code, syscall, message, status }: Facts): boolean {
  if (status !== null) return false;
  const isTls = /CERT|^ERR_TLS|^ERR_SSL|SELF_SIGNED|^UNABLE_TO|^EPROTO$/.test(code);
  return (
    isTls ||
    ["connect", "getaddrinfo"].includes(syscall) ||
    code === "ECONNREFUSED" ||
    // The SDK's own, for connectionTimeout.
    (name === "TimeoutError" && message.includes("did not establish a connection"))
  );
}

function factsOf(error: unknown): Facts {
  // Node tries each address of a name, and says nothing of its own when all of them fail.
  const told = error instanceof AggregateError && error.message === "" ? (error.errors[0] as unknown) : error;
  const metadata = property(told, "$metadata");
  const status = property(metadata, "httpStatusCode") ?? property(property(told, "$response"), "statusCode");
  return {
    name: text(property(told, "name")) || "Error",
    message: text(property(told, "message")).split("\n")[0] || "no reason was given",
    code: text(property(told, "code")),
    syscall: text(property(told, "syscall")),
    status: typeof status === "number" ? status : null,
    reason: text(property(told, "Reason")) || null,
  };
}

function property(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
