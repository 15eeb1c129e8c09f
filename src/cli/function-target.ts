// Which deployed function is meant, from the flags that name it. Pure; whether it exists is not known here.
import type { Problem, Refusal } from "../failure/problem.ts";

/** The flags that say where in AWS something is. */
export interface AwsFlags {
  readonly region?: string;
  readonly profile?: string;
  readonly endpointUrl?: string;
}

/** A function as the Invoke API takes it. What is absent is left to the SDK's own search. */
export interface FunctionTarget extends AwsFlags {
  /** A name, a partial ARN or an ARN, without its qualifier. */
  readonly name: string;
  /** A version or an alias; null: the unpublished version, `$LATEST`. */
  readonly qualifier: string | null;
}

/** https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html, the forms of FunctionName */
const FUNCTION =
  /^(?<name>(?:arn:aws[a-z-]*:lambda:(?<region>[a-z0-9-]+):\d{12}:function:|(?:\d{12}:)?function:|\d{12}:)?[A-Za-z0-9_-]{1,140})(?::(?<qualifier>\$LATEST(?:\.PUBLISHED)?|[A-Za-z0-9_-]{1,128}))?$/;

/** Lists what is wrong with the flags; an ARN's region counts as if it had been given. */
export function parseFunctionTarget(text: string, flags: AwsFlags): FunctionTarget | Refusal {
  const { name, region, qualifier } = FUNCTION.exec(text)?.groups ?? {};
  if (name === undefined) {
    const hint = "Examples: hellojohn-migration-hook, hellojohn-migration-hook:live, or the function's ARN.";
    return { problems: [{ ...wrong("--function", "is no name or ARN of a function"), hint }] };
  }
  if (region !== undefined && flags.region !== undefined && flags.region !== region) {
    const problem = wrong("--region", `is not the region of the function's ARN, ${region}`);
    return { problems: [{ ...problem, hint: "Leave it out, or give the other region's ARN." }] };
  }
  return { ...flags, name, qualifier: qualifier ?? null, ...(region !== undefined && { region }) };
}

/** The command that asks this function where its database stands, ready for a shell. */
export function statusCommandOf(target: FunctionTarget): string {
  const flags = [
    ["--function", labelOf(target)],
    ["--region", target.name.startsWith("arn:") ? undefined : target.region],
    ["--profile", target.profile],
    ["--endpoint-url", target.endpointUrl],
  ] as const;
  const given = flags.flatMap(([flag, value]) => (value === undefined ? [] : [`${flag} ${quoted(value)}`]));
  return ["hj migrations status", ...given].join(" ");
}

/** The function as a person gave it. */
export function labelOf({ name, qualifier }: FunctionTarget): string {
  return qualifier === null ? name : `${name}:${qualifier}`;
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function wrong(field: string, message: string): Problem {
  return { code: "INVALID_ARGUMENT", field, message };
}
