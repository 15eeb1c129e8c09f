// The settings that a session of ours runs with, and what it learns of its server. Pure SQL text and its decoding. Who gives a
// session its settings is prepare-session.ts.
import { MigrationError } from "../failure/failure.ts";
import type { Row } from "./message.ts";
import { identifier, literal } from "./quote.ts";
import type { Target } from "./target.ts";

/** What the first message says of server and role. */
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
}

const OLDEST_SERVER = { major: 14, number: 140000 };
export const NEWEST_SERVER = { major: 18, number: 190000 };

type Setting = readonly [name: string, value: string];

// Measured in reference/postgres-safety.md section 3.4: without it a backend whose client was killed runs its statement to the
// end, with the lock.
const CHECK_INTERVAL: Setting = ["client_connection_check_interval", "2s"];

// A plain role may set all of these, and poolers refuse them as start-up parameters.
const SETTINGS: readonly Setting[] = [
  ["client_encoding", "UTF8"],
  CHECK_INTERVAL,
  ["datestyle", "ISO"],
  // A statement that runs alone cannot say READ WRITE for itself.
  ["default_transaction_read_only", "off"],
  ["idle_in_transaction_session_timeout", "60s"],
  // A frozen sandbox keeps its socket open; only this frees the lock it holds.
  ["idle_session_timeout", "50s"],
  ["intervalstyle", "postgres"],
  ["lock_timeout", "0"],
  ["standard_conforming_strings", "on"],
  ["statement_timeout", "0"],
  ["tcp_keepalives_count", "3"],
  ["tcp_keepalives_idle", "30"],
  ["tcp_keepalives_interval", "10"],
  ["timezone", "UTC"],
];

// A role's own would end an index build, or any migration, before its time-out.
const TRANSACTION_TIMEOUT: Setting = ["transaction_timeout", "0"];

/** The settings that not every server of ours knows, where this one does. */
function newerSettings({ serverVersionNumber }: SessionFacts): readonly Setting[] {
  return serverVersionNumber >= 170000 ? [TRANSACTION_TIMEOUT] : [];
}

/** What a session is called, and on which server it is. */
interface Named {
  readonly applicationName: string;
  readonly facts: SessionFacts;
}

/**
 * For the transaction of the first message alone, which reads: whatever the role or the database sets, the answer can be read,
 * and is waited for. They leave nothing on a backend that turns out to be somebody else's next, and cost less than what lasts.
 * The encoding is pg's: it says it when it connects. Their number is in FACTS (open-session.ts) and in lambda/warm-up.ts.
 */
export function readingStatements(target: Target, applicationName: string): readonly string[] {
  return [
    // What a role has by default may be refused by a standby (SERIALIZABLE), or wait for others (DEFERRABLE).
    "set transaction isolation level read committed, not deferrable",
    "set local datestyle = 'ISO'",
    "set local timezone = 'UTC'",
    "set local statement_timeout = 0",
    "set local lock_timeout = 0",
    `set local search_path = ${searchPath(target)}`,
    `set local application_name = ${literal(applicationName)}`,
  ];
}

/** Behind the facts, which have to be read of a server that does not know it: the journal may be locked for long. */
export const CHECK_CLIENT_STATEMENT = `set local ${assignment(CHECK_INTERVAL)}`;

/**
 * For a transaction that only looks at the catalog, behind its BEGIN, whether the session has its settings or not: PostgreSQL's
 * own functions are called whatever is on its path, no time-out of the role ends it, and an operator sees whose it is.
 */
export function lookingStatements({ applicationName, facts }: Named): readonly string[] {
  return [
    "set local search_path = pg_catalog",
    `set local application_name = ${literal(applicationName)}`,
    ...newerSettings(facts).map((setting) => `set local ${assignment(setting)}`),
  ];
}

/** What a session gets that is to work. Statements, not one SELECT over set_config: they are not planned. */
export function settingStatements(target: Target, session: Named): readonly string[] {
  const settings = [...SETTINGS, ...newerSettings(session.facts)];
  return [...settings.map((setting) => `set ${assignment(setting)}`), ...placeStatements(target, session)];
}

/** Whatever a migration set for its session, back to what the server gave it, then our own settings. */
export function resetStatements(target: Target, session: Named): readonly string[] {
  return ["reset all", ...ROLE_STATEMENTS, ...settingStatements(target, session)];
}

/** As whom and where the session works, and what pg_stat_activity calls it from now on. */
export function identityStatements(target: Target, session: Pick<Named, "applicationName">): readonly string[] {
  return [...ROLE_STATEMENTS, ...placeStatements(target, session)];
}

const ROLE_STATEMENTS: readonly string[] = ["reset session authorization", "reset role"];

function placeStatements(target: Target, { applicationName }: Pick<Named, "applicationName">): readonly string[] {
  return [`set search_path = ${searchPath(target)}`, `set application_name = ${literal(applicationName)}`];
}

function assignment([name, value]: Setting): string {
  return `${name} = ${literal(value)}`;
}

/** pg_temp last, or a temporary table would hide the real one. */
function searchPath({ schema }: Target): string {
  return `${identifier(schema)}, pg_temp`;
}

/**
 * One row of facts. Reads no table, so it works in any schema and on a standby. What else a run has to know of its role and
 * schema is asked with the lock: most find nothing to do, and each function costs a new backend a look at its catalog.
 */
export const FACTS_STATEMENT =
  "select current_setting('server_version') as server_version, current_setting('server_version_num') as server_version_number, pg_is_in_recovery() as is_read_only, pg_backend_pid() as backend_pid, now() as asked_at, current_user as role, pg_postmaster_start_time() as server_start";

/** An SQL expression: whether the role may create tables in the schema; null where there is no such schema. */
export function createPrivilege({ schema }: Target): string {
  return `has_schema_privilege(to_regnamespace(${literal(identifier(schema))}), 'create')`;
}

/** Decodes the row of FACTS_STATEMENT. */
export function decodeFacts(row: Row): SessionFacts {
  return {
    serverVersion: (row["server_version"] ?? "").split(" ")[0] ?? "",
    serverVersionNumber: Number(row["server_version_number"]),
    isReadOnly: row["is_read_only"] === "t",
    backendPid: Number(row["backend_pid"]),
    askedAt: row["asked_at"] ?? "",
    role: row["role"] ?? "",
    serverStart: row["server_start"] ?? "",
  };
}

/** Throws when nothing at all can be done with this server, whatever the command. */
export function assertUsable(facts: SessionFacts): void {
  if (facts.serverVersionNumber >= OLDEST_SERVER.number) return;
  const minimum = String(OLDEST_SERVER.major);
  throw new MigrationError({
    code: "SERVER_TOO_OLD",
    message: `the server is PostgreSQL ${facts.serverVersion}; ${minimum} is the oldest that is supported`,
    hint: "Nothing was changed. Upgrade the server; older ones lack what frees the lock of a client that died.",
    details: { serverVersion: facts.serverVersion, minimum },
  });
}

/** Throws when this server takes no changes. */
export function assertWritable(facts: SessionFacts, host: string): void {
  if (!facts.isReadOnly) return;
  throw new MigrationError({
    code: "DATABASE_READ_ONLY",
    message: `${host} is a standby: it takes no changes`,
    hint: "Nothing was changed. Use the writer's endpoint.",
    details: { host },
  });
}

/** For a schema that is not there. */
export function schemaMissing({ schema }: Target): MigrationError {
  return new MigrationError({
    code: "SCHEMA_MISSING",
    message: `there is no schema ${JSON.stringify(schema)}`,
    hint: "Nothing was changed. Create the schema, owned by the role that migrates, or correct HELLOJOHN_SCHEMA.",
    details: { schema },
  });
}

/** For a role that could not even make the journal. */
export function mayNotCreate({ role }: SessionFacts, { schema }: Target): MigrationError {
  return new MigrationError({
    code: "PERMISSION_DENIED",
    message: `${role} may not create tables in the schema ${JSON.stringify(schema)}`,
    hint: `Nothing was changed. Run as the schema's owner or a superuser: grant create, usage on schema ${identifier(schema)} to ${identifier(role)};`,
    details: { role, privilege: "CREATE", object: schema },
  });
}
