// The settings that a session of ours runs with, and what it learns of its server. Pure SQL text and its decoding.
import { MigrationError } from "../failure/failure.ts";
import type { Row } from "./message.ts";
import { identifier, literal } from "./quote.ts";
import type { Target } from "./target.ts";

/** What the first message says of server, role and schema. */
export interface SessionFacts {
  /** Such as `17.10`. */
  readonly serverVersion: string;
  /** Such as 170010. */
  readonly serverVersionNumber: number;
  readonly isReadOnly: boolean;
  readonly backendPid: number;
  /** When this was asked, by the server's clock: a later backend with the same pid has begun after it. As text, for the server to compare. */
  readonly askedAt: string;
  readonly role: string;
  /** Tells this server from the one that takes its place after a restart or a failover; as text, compared only. */
  readonly serverStart: string;
  /** Null when the schema does not exist. */
  readonly mayCreate: boolean | null;
}

const OLDEST_SERVER = { major: 14, number: 140000 };
export const NEWEST_SERVER = { major: 18, number: 190000 };

// A plain role may set all of these, and poolers refuse them as start-up parameters. The two that newer servers know
// are skipped by version. Measured in reference/postgres-safety.md section 3.4: without client_connection_check_interval
// a backend whose client was killed runs its statement to the end, with the lock.
const SETTINGS: readonly (readonly [name: string, value: string, sinceServer: number])[] = [
  ["client_encoding", "UTF8", 0],
  ["client_connection_check_interval", "2s", 140000],
  ["datestyle", "ISO", 0],
  // A statement that runs alone cannot say READ WRITE for itself.
  ["default_transaction_read_only", "off", 0],
  ["idle_in_transaction_session_timeout", "60s", 0],
  // A frozen sandbox keeps its socket open; only this frees the lock it holds.
  ["idle_session_timeout", "50s", 140000],
  ["intervalstyle", "postgres", 0],
  ["lock_timeout", "0", 0],
  ["standard_conforming_strings", "on", 0],
  ["statement_timeout", "0", 0],
  ["tcp_keepalives_count", "3", 0],
  ["tcp_keepalives_idle", "30", 0],
  ["tcp_keepalives_interval", "10", 0],
  ["timezone", "UTC", 0],
  // A role's own would end an index build, or any migration, before its time-out.
  ["transaction_timeout", "0", 170000],
];

/**
 * The session's own settings as one statement, before anything is known of the server: on this backend, and on any other one
 * nothing. One expression for each: to plan a join over a list takes a backend that has done nothing yet half a millisecond more.
 */
export function settingsStatement(target: Target, applicationName: string, onlyOnPid: number): string {
  const settings = [
    ...SETTINGS,
    ["application_name", applicationName, 0] as const,
    ["search_path", searchPath(target), 0] as const,
  ];
  const calls = settings.map(([name, value, since]) => {
    const call = `pg_catalog.set_config(${literal(name)}, ${literal(value)}, false)`;
    return since === 0
      ? call
      : `case when pg_catalog.current_setting('server_version_num')::int >= ${since} then ${call} end`;
  });
  return `select ${calls.join(", ")} where pg_catalog.pg_backend_pid() = ${onlyOnPid}`;
}

/**
 * Whatever a migration set for its session, back to what the server gave it, then our own settings. With SET, which is not
 * planned: less than half of what settingsStatement costs.
 */
export function resetStatements(
  target: Target,
  { applicationName, facts }: { readonly applicationName: string; readonly facts: SessionFacts },
): readonly string[] {
  const known = SETTINGS.filter(([, , since]) => facts.serverVersionNumber >= since);
  return [
    "reset all",
    ...known.map(([name, value]) => `set ${name} = ${literal(value)}`),
    ...identityStatements(target, { applicationName }),
  ];
}

/** As whom and where the session works, and what pg_stat_activity calls it from now on. */
export function identityStatements(
  target: Target,
  { applicationName }: { readonly applicationName: string },
): readonly string[] {
  return [
    "reset session authorization",
    "reset role",
    `set search_path = ${searchPath(target)}`,
    `set application_name = ${literal(applicationName)}`,
  ];
}

/** pg_temp last, or a temporary table would hide the real one. */
function searchPath({ schema }: Target): string {
  return `${identifier(schema)}, pg_temp`;
}

/** One row of facts. Reads the catalog only, so it works in any schema and on a standby. */
export function factsStatement(target: Target): string {
  return `select current_setting('server_version') as server_version, current_setting('server_version_num') as server_version_number, pg_is_in_recovery() as is_read_only, pg_backend_pid() as backend_pid, now() as asked_at, current_user as role, pg_postmaster_start_time() as server_start, has_schema_privilege(to_regnamespace(${literal(identifier(target.schema))}), 'create') as may_create`;
}

/** Decodes the row of factsStatement. */
export function decodeFacts(row: Row): SessionFacts {
  return {
    serverVersion: (row["server_version"] ?? "").split(" ")[0] ?? "",
    serverVersionNumber: Number(row["server_version_number"]),
    isReadOnly: row["is_read_only"] === "t",
    backendPid: Number(row["backend_pid"]),
    askedAt: row["asked_at"] ?? "",
    role: row["role"] ?? "",
    serverStart: row["server_start"] ?? "",
    mayCreate: row["may_create"] == null ? null : row["may_create"] === "t",
  };
}

/** Throws when nothing at all can be done with this server or schema, whatever the command. */
export function assertUsable(facts: SessionFacts, target: Target): void {
  if (facts.serverVersionNumber < OLDEST_SERVER.number) {
    const minimum = String(OLDEST_SERVER.major);
    throw new MigrationError({
      code: "SERVER_TOO_OLD",
      message: `the server is PostgreSQL ${facts.serverVersion}; ${minimum} is the oldest that is supported`,
      hint: "Nothing was changed. Upgrade the server; older ones lack what frees the lock of a client that died.",
      details: { serverVersion: facts.serverVersion, minimum },
    });
  }
  if (facts.mayCreate === null) {
    throw new MigrationError({
      code: "SCHEMA_MISSING",
      message: `there is no schema ${JSON.stringify(target.schema)}`,
      hint: "Nothing was changed. Create the schema, owned by the role that migrates, or correct HELLOJOHN_SCHEMA.",
      details: { schema: target.schema },
    });
  }
}

/** Throws when this session could not change anything. */
export function assertWritable(facts: SessionFacts, host: string, target: Target): void {
  if (facts.isReadOnly) {
    throw new MigrationError({
      code: "DATABASE_READ_ONLY",
      message: `${host} is a standby: it takes no changes`,
      hint: "Nothing was changed. Use the writer's endpoint.",
      details: { host },
    });
  }
  if (facts.mayCreate === false) {
    throw new MigrationError({
      code: "PERMISSION_DENIED",
      message: `${facts.role} may not create tables in the schema ${JSON.stringify(target.schema)}`,
      hint: `Nothing was changed. Run as the schema's owner or a superuser: grant create, usage on schema ${identifier(target.schema)} to ${identifier(facts.role)};`,
      details: { role: facts.role, privilege: "CREATE", object: target.schema },
    });
  }
}
