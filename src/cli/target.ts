// Decides from flags and environment where a command runs. Pure.
import type { Environment } from "../connection/environment.ts";
import { parseSettings, type Settings } from "../connection/settings.ts";
import type { Refusal } from "../failure/problem.ts";

/** The flags that name a target, and what in it. */
export interface TargetFlags {
  readonly databaseUrl?: string;
  readonly embedded?: boolean;
  readonly schema?: string;
  readonly journal?: string;
}

/** Where a command runs: against settings, or against a server that has yet to be started. */
export type CliTarget =
  | { readonly kind: "database"; readonly settings: Settings | Refusal }
  | { readonly kind: "embedded"; readonly settingsFor: (url: string) => Settings | Refusal };

/** A flag beats a variable; two flags are one too many. */
export function chooseTarget(flags: TargetFlags, environment: Environment): CliTarget {
  if (flags.databaseUrl !== undefined && flags.embedded) {
    const message = "--database-url and --embedded both name a database";
    const problem = { code: "INVALID_ARGUMENT", message, hint: "Give one of them." } as const;
    return { kind: "database", settings: { problems: [problem] } };
  }
  if (flags.embedded) {
    return {
      kind: "embedded",
      settingsFor: (url) => settingsFrom({ ...flags, databaseUrl: url }, environment, "--embedded"),
    };
  }
  return { kind: "database", settings: settingsFrom(flags, environment, "--database-url") };
}

/** An empty variable is one that is not set; an empty flag is a shell variable that was meant to hold something. */
const EMPTY_FLAG = { code: "INVALID_ARGUMENT", message: "is empty" } as const;

function settingsFrom(flags: TargetFlags, environment: Environment, urlFlag: string): Settings | Refusal {
  const given = [
    { variable: "HELLOJOHN_DATABASE_URL", flag: urlFlag, value: flags.databaseUrl },
    { variable: "HELLOJOHN_SCHEMA", flag: "--schema", value: flags.schema },
    { variable: "HELLOJOHN_JOURNAL", flag: "--journal", value: flags.journal },
  ].filter(({ value }) => value !== undefined);
  const overrides = Object.fromEntries(given.map(({ variable, value }) => [variable, value]));
  const empty = given.filter(({ value }) => value === "");
  if (empty.length > 0) return { problems: empty.map(({ flag }) => ({ ...EMPTY_FLAG, field: flag })) };
  const settings = parseSettings({ ...environment, ...overrides });
  if (!("problems" in settings)) return settings;
  // Who gave a flag is told of the flag.
  const flagOf = (field: string | undefined) => given.find(({ variable }) => variable === field)?.flag;
  return {
    problems: settings.problems.map((problem) => {
      const flag = flagOf(problem.field);
      return flag === undefined ? problem : { ...problem, field: flag };
    }),
  };
}
