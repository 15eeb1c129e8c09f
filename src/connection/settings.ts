// The settings of the function, parsed once and strictly from an environment. Pure.

import { DURATION_EXPECTED, parseDuration } from "../duration.ts";
import type { Problem, Refusal } from "../failure/problem.ts";
import { type DatabaseAddress, parseDatabaseUrl } from "./database-url.ts";
import type { Environment } from "./environment.ts";

/** What a run needs to know that is not in the request. */
export interface Settings {
  readonly database: DatabaseAddress;
  /** The schema that holds the tables and the journal. Default: `public`. */
  readonly schema: string;
  /** The journal's table. Default: `hj_migration`. */
  readonly journal: string;
  /** How long a run waits for another one to finish. Default: a minute. */
  readonly lockWaitMs: number;
}

const DEFAULT_SCHEMA = "public";
const DEFAULT_JOURNAL = "hj_migration";

/** PostgreSQL cuts longer identifiers off without an error, and two could become one. */
const IDENTIFIER_BYTES = 63;

/** Reads the variables that DESIGN section 2 lists; every problem of every variable at once. */
export function parseSettings(environment: Environment): Settings | Refusal {
  const url = environment["HELLOJOHN_DATABASE_URL"] ?? "";
  const database = url === "" ? missing("HELLOJOHN_DATABASE_URL") : parseDatabaseUrl(url, "HELLOJOHN_DATABASE_URL");
  const schema = environment["HELLOJOHN_SCHEMA"] || DEFAULT_SCHEMA;
  const journal = environment["HELLOJOHN_JOURNAL"] || DEFAULT_JOURNAL;
  const lockWait = parseDuration(environment["HELLOJOHN_LOCK_WAIT"] || "60s");
  const problems = [
    ...("problems" in database ? database.problems : []),
    ...identifierProblems("HELLOJOHN_SCHEMA", schema),
    ...identifierProblems("HELLOJOHN_JOURNAL", journal),
    ...(lockWait === null ? [invalid("HELLOJOHN_LOCK_WAIT", `is not ${DURATION_EXPECTED}`)] : []),
  ];
  if ("problems" in database || lockWait === null || problems.length > 0) return { problems };
  return { database, schema, journal, lockWaitMs: lockWait };
}

function missing(field: string): Refusal {
  const hint = "Set it to postgresql://USER:PASSWORD@HOST:5432/DATABASE.";
  return { problems: [{ ...invalid(field, "is not set"), hint }] };
}

function identifierProblems(field: string, name: string): readonly Problem[] {
  const bytes = new TextEncoder().encode(name).length;
  if (bytes <= IDENTIFIER_BYTES && !name.includes("\0")) return [];
  return [invalid(field, `is no name that PostgreSQL takes (at most ${IDENTIFIER_BYTES} bytes)`)];
}

function invalid(field: string, message: string): Problem {
  return { code: "INVALID_SETTING", field, message };
}
