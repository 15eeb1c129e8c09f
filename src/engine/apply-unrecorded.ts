// Applies scripts to a database that nobody uses: no journal, no lock, no deadline. For the build and for authors.
import { type Failure, MigrationError } from "../failure/failure.ts";
import { fullName, type Migration, type Script } from "../migration/manifest.ts";
import { budgetOf } from "./budget.ts";
import { isServerError, type Reply, send, sqlStateOf } from "./message.ts";
import { openSession } from "./open-session.ts";
import { placeOf } from "./place.ts";
import { type PreparedSession, prepareSession } from "./prepare-session.ts";
import type { RunContext } from "./run-context.ts";
import { resetStatements } from "./session.ts";
import type { Target } from "./target.ts";
import { composeTransaction, errorOffset } from "./transaction.ts";

/** What is applied, and what a failure says of it: `0002_b fails on an empty database`, with the hint. */
export interface Subject {
  readonly migration: Pick<Migration, "version" | "name">;
  readonly script: Script;
  readonly fails: string;
  readonly hint: string;
}

/** An up on a database that has what came before it. */
export function freshUp(migration: Migration): Subject {
  const hint = "Mend it: whoever installs this from nothing would meet the same.";
  return { migration, script: migration.up, fails: "fails on an empty database", hint };
}

/** Opens a session for `work` and ends it. `purpose` is what pg_stat_activity shows. */
export async function onScratch<T>(
  target: Target,
  purpose: string,
  work: (session: PreparedSession) => Promise<T>,
): Promise<T> {
  const opened = await openSession(target, `hellojohn-migrate ${purpose}`, NOBODYS_RUN);
  if ("problems" in opened) throw new TypeError("a scratch database has an address");
  try {
    return await work(await prepareSession(opened.session, target));
  } finally {
    await opened.session.connection.end().catch(() => {});
  }
}

/** It has no deadline, and nobody is told. */
const NOBODYS_RUN: RunContext = {
  runId: "scratch",
  invocationId: "scratch",
  hop: 0,
  mayBeTwice: false,
  remainingMs: () => Number.POSITIVE_INFINITY,
  signal: new AbortController().signal,
  onProgress: () => {},
  lockWaitMs: 0,
};

/** Runs a script as a run would send it. Throws a MigrationError that says where it failed. */
export async function applyUnrecorded(session: PreparedSession, target: Target, subject: Subject): Promise<void> {
  const { connection } = session;
  const { script } = subject;
  const reset = resetStatements(target, session);
  const limit = limitOf(script);
  if (script.transactional) {
    const { sql, ...transaction } = composeTransaction([limit], script.sql, reset);
    const reply = await send(connection, sql);
    if (isServerError(reply.error)) await send(connection, "rollback");
    check(reply, subject, (error) => errorOffset(transaction, script.sql, error));
    return;
  }
  for (const { start, end } of script.statements) {
    await send(connection, limit);
    check(await send(connection, script.sql.slice(start, end)), subject, () => start);
    await send(connection, reset.join(";\n"));
  }
}

/** One that never ends would keep an author for ever; without rows it has less to do than it may take. */
export function limitOf({ timeoutMs }: Script): string {
  return `set statement_timeout = ${budgetOf({ ...UNHURRIED, directedMs: timeoutMs }).timeoutMs}`;
}

const UNHURRIED = { requestedMs: null, remainingMs: Number.POSITIVE_INFINITY, reserveMs: 0, now: 0 } as const;

/** Throws where the reply is an error; `offsetOf` finds it in the script. */
export function check(
  { error }: Reply,
  subject: Subject,
  offsetOf: (error: Parameters<typeof errorOffset>[2]) => number | null,
): void {
  if (error === null) return;
  const offset = isServerError(error) ? offsetOf(error) : null;
  throw new MigrationError(failureOf(subject, error, offset), { cause: error });
}

function failureOf({ migration, script, fails, hint }: Subject, error: Error, offset: number | null): Failure {
  return {
    code: "STATEMENT_FAILED",
    message: `${fullName(migration)} ${fails}: ${error.message}`,
    hint,
    details: { ...placeOf(script, migration.version, 0, offset), sqlState: sqlStateOf(error) ?? "" },
  };
}
