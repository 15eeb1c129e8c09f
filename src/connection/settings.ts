// The settings of the function, parsed once and strictly from an environment. Pure.

import { DURATION_EXPECTED, parseDuration } from "../duration.ts";
import type { Problem, Refusal } from "../failure/problem.ts";
import { type DatabaseSource, parseDatabaseSettings } from "./database-settings.ts";
import type { Environment } from "./environment.ts";

/** What a run needs to know that is not in the request. */
export interface Settings {
  readonly database: DatabaseSource;
  /** How long to wait for a database that is coming up; null leaves it to where the database is. */
  readonly databaseWaitMs: number | null;
  readonly aws: AwsSettings;
  /** The schema that holds the tables and the journal. Default: `public`. */
  readonly schema: string;
  /** The journal's table. Default: `hj_migration`. */
  readonly journal: string;
  /** How long a run waits for another one to finish. Default: a minute. */
  readonly lockWaitMs: number;
  /** What a caller wants that cannot say it: a command word, or an event as JSON. Default: `run`. */
  readonly hookCommand: string;
}

/** What AWS clients are told; what is left out they find for themselves, as the AWS CLI does. */
export interface AwsSettings {
  readonly region?: string;
  readonly profile?: string;
  readonly endpoint?: string;
}

const DEFAULT_SCHEMA = "public";
const DEFAULT_JOURNAL = "hj_migration";

/** PostgreSQL cuts longer identifiers off without an error, and two could become one. */
const IDENTIFIER_BYTES = 63;

/** Reads the variables that docs/reference.md lists; every problem of every variable at once. */
export function parseSettings(environment: Environment): Settings | Refusal {
  const database = parseDatabaseSettings(environment);
  const schema = environment["HELLOJOHN_SCHEMA"] || DEFAULT_SCHEMA;
  const journal = environment["HELLOJOHN_JOURNAL"] || DEFAULT_JOURNAL;
  const lockWaitMs = parseDuration(environment["HELLOJOHN_LOCK_WAIT"] || "60s");
  const wait = environment["HELLOJOHN_DATABASE_WAIT"] || null;
  const databaseWaitMs = wait === null ? null : parseDuration(wait);
  const problems = [
    ...("problems" in database ? database.problems : []),
    ...identifierProblems("HELLOJOHN_SCHEMA", schema),
    ...identifierProblems("HELLOJOHN_JOURNAL", journal),
    ...(lockWaitMs === null ? [invalid("HELLOJOHN_LOCK_WAIT", `is not ${DURATION_EXPECTED}`)] : []),
    ...(wait !== null && databaseWaitMs === null
      ? [invalid("HELLOJOHN_DATABASE_WAIT", `is not ${DURATION_EXPECTED}`)]
      : []),
  ];
  if ("problems" in database || lockWaitMs === null || problems.length > 0) return { problems };
  const hookCommand = environment["HELLOJOHN_HOOK_COMMAND"] || "run";
  return { database, databaseWaitMs, aws: awsSettings(environment), schema, journal, lockWaitMs, hookCommand };
}

// The names that every AWS tool knows: https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
function awsSettings(environment: Environment): AwsSettings {
  const region = environment["AWS_REGION"] || environment["AWS_DEFAULT_REGION"];
  const profile = environment["AWS_PROFILE"];
  const endpoint = environment["AWS_ENDPOINT_URL_SECRETS_MANAGER"] || environment["AWS_ENDPOINT_URL"];
  return { ...(region && { region }), ...(profile && { profile }), ...(endpoint && { endpoint }) };
}

function identifierProblems(field: string, name: string): readonly Problem[] {
  const bytes = new TextEncoder().encode(name).length;
  if (bytes <= IDENTIFIER_BYTES && !name.includes("\0")) return [];
  return [invalid(field, `is no name that PostgreSQL takes (at most ${IDENTIFIER_BYTES} bytes)`)];
}

function invalid(field: string, message: string): Problem {
  return { code: "INVALID_SETTING", field, message };
}
