// Decides from flags and environment where a command runs. Pure.
import type { Environment } from "../connection/environment.ts";
import { parseSettings, type Settings } from "../connection/settings.ts";
import type { Problem, Refusal } from "../failure/problem.ts";
import { type AwsFlags, type FunctionTarget, parseFunctionTarget } from "./function-target.ts";

/** The flags that name a target, and what in it. */
export interface TargetFlags extends AwsFlags {
  readonly databaseUrl?: string;
  readonly secretId?: string;
  readonly embedded?: boolean;
  readonly function?: string;
  readonly schema?: string;
  readonly journal?: string;
  readonly dir?: string;
  readonly strict?: boolean;
}

/** Where a command runs in this process: against settings, or against a server that has yet to be started. */
export type LocalTarget =
  | { readonly kind: "database"; readonly settings: Settings | Refusal }
  | { readonly kind: "embedded"; readonly settingsFor: (url: string) => Settings | Refusal };

/** Where a command runs. Flags that cannot be meant are a `database` whose settings are refused. */
export type CliTarget = LocalTarget | { readonly kind: "function"; readonly function: FunctionTarget };

/** A flag beats a variable; two flags are one too many. */
export function chooseTarget(flags: TargetFlags, environment: Environment): CliTarget {
  const problems = misusedFlags(flags);
  if (problems.length > 0) return { kind: "database", settings: { problems } };
  if (flags.function !== undefined) {
    const { region, profile, endpointUrl } = flags;
    const named = parseFunctionTarget(flags.function, {
      ...(region !== undefined && { region }),
      ...(profile !== undefined && { profile }),
      ...(endpointUrl !== undefined && { endpointUrl }),
    });
    return "problems" in named ? { kind: "database", settings: named } : { kind: "function", function: named };
  }
  if (flags.embedded) {
    return {
      kind: "embedded",
      settingsFor: (url) => settingsFrom({ ...flags, databaseUrl: url }, environment, "--embedded"),
    };
  }
  return { kind: "database", settings: settingsFrom(flags, environment, "--database-url") };
}

type FlagName = Exclude<keyof TargetFlags, "strict" | "embedded">;

const FLAGS: Readonly<Record<FlagName, string>> = {
  databaseUrl: "--database-url",
  secretId: "--secret-id",
  function: "--function",
  schema: "--schema",
  journal: "--journal",
  dir: "--dir",
  region: "--region",
  profile: "--profile",
  endpointUrl: "--endpoint-url",
};

/** What no target makes sense of, all of it. */
function misusedFlags(flags: TargetFlags): readonly Problem[] {
  const given = (Object.keys(FLAGS) as FlagName[]).filter((flag) => flags[flag] !== undefined);
  const isInAws = flags.function !== undefined || flags.secretId !== undefined;
  const inThisProcess = given.filter((flag) => ["schema", "journal", "dir"].includes(flag)).map((flag) => FLAGS[flag]);
  const settled = flags.function === undefined ? [] : [...inThisProcess, ...(flags.strict ? ["--strict"] : [])];
  const aws = isInAws ? [] : given.filter((flag) => ["region", "profile", "endpointUrl"].includes(flag));
  return [
    ...given.filter((flag) => flags[flag] === "").map((flag) => misused(FLAGS[flag], "is empty")),
    ...twoTargets(flags),
    ...settled.map((flag) =>
      misused(
        flag,
        "means nothing with --function",
        "The function's own settings and migrations decide. Leave it out.",
      ),
    ),
    ...aws.map((flag) =>
      misused(FLAGS[flag], "means nothing without --function or --secret-id", "Leave it out, or give one of these."),
    ),
    ...endpointProblems(flags.endpointUrl),
  ];
}

function twoTargets({ databaseUrl, secretId, embedded, function: name }: TargetFlags): readonly Problem[] {
  const named = [
    ...(databaseUrl === undefined ? [] : ["--database-url"]),
    ...(secretId === undefined ? [] : ["--secret-id"]),
    ...(name === undefined ? [] : ["--function"]),
    ...(embedded ? ["--embedded"] : []),
  ];
  if (named.length < 2) return [];
  const message = `${named.slice(0, -1).join(", ")} and ${named.at(-1)} ${named.length === 2 ? "both" : "all"} name a database`;
  return [{ code: "INVALID_ARGUMENT", message, hint: "Give one of them." }];
}

function endpointProblems(url: string | undefined): readonly Problem[] {
  const isUsable = url === undefined || url === "" || /^https?:$/.test(URL.parse(url)?.protocol ?? "");
  return isUsable ? [] : [misused(FLAGS.endpointUrl, "is no http:// or https:// URL")];
}

function misused(field: string, message: string, hint?: string): Problem {
  return { code: "INVALID_ARGUMENT", field, message, ...(hint && { hint }) };
}

const URL_VARIABLE = "HELLOJOHN_DATABASE_URL";
const SECRET_VARIABLE = "HELLOJOHN_DATABASE_SECRET_ID";

/** The variables that a flag stands for, in the order in which they are told. */
function variablesOf(flags: TargetFlags, urlFlag: string) {
  return [
    { variable: URL_VARIABLE, flag: urlFlag, value: flags.databaseUrl },
    { variable: SECRET_VARIABLE, flag: FLAGS.secretId, value: flags.secretId },
    { variable: "HELLOJOHN_SCHEMA", flag: FLAGS.schema, value: flags.schema },
    { variable: "HELLOJOHN_JOURNAL", flag: FLAGS.journal, value: flags.journal },
    { variable: "AWS_REGION", flag: FLAGS.region, value: flags.region },
    { variable: "AWS_PROFILE", flag: FLAGS.profile, value: flags.profile },
    { variable: "AWS_ENDPOINT_URL", flag: FLAGS.endpointUrl, value: flags.endpointUrl },
  ].filter(({ value }) => value !== undefined);
}

/** The environment as the flags make it. Where a flag names the target, no variable names another one. */
export function environmentFor(flags: TargetFlags, environment: Environment): Environment {
  const { [URL_VARIABLE]: _url, [SECRET_VARIABLE]: _secret, ...rest } = environment;
  const overrides = variablesOf(flags, "").map(({ variable, value }) => [variable, value]);
  return { ...(isNamed(flags) ? rest : environment), ...Object.fromEntries(overrides) };
}

function isNamed({ databaseUrl, secretId }: TargetFlags): boolean {
  return databaseUrl !== undefined || secretId !== undefined;
}

function settingsFrom(flags: TargetFlags, environment: Environment, urlFlag: string): Settings | Refusal {
  const settings = parseSettings(environmentFor(flags, environment));
  if (!("problems" in settings)) return settings;
  const given = variablesOf(flags, urlFlag);
  const nothingIsNamed = !isNamed(flags) && !environment[URL_VARIABLE] && !environment[SECRET_VARIABLE];
  return {
    problems: settings.problems.map((problem) => {
      if (nothingIsNamed && problem.field === URL_VARIABLE) return { ...problem, hint: NAME_A_TARGET };
      // Who gave a flag is told of the flag.
      const flag = given.find(({ variable }) => variable === problem.field)?.flag;
      return flag === undefined ? problem : { ...problem, field: flag };
    }),
  };
}

const NAME_A_TARGET =
  "Set it to postgresql://USER:PASSWORD@HOST:5432/DATABASE, or give --database-url, --secret-id, --function (in AWS) or --embedded (to try it).";
