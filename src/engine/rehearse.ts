// Applies all migrations to an empty database, one after the other, to find out what each makes of the schema. For the
// build and for authors: nothing is recorded, and whatever is in the schema is theirs.
import { type Failure, MigrationError } from "../failure/failure.ts";
import { fullName, type Manifest, type Migration, type Script } from "../migration/manifest.ts";
import { changeBetween, type Snapshot } from "../schema/snapshot.ts";
import { budgetOf } from "./budget.ts";
import { isServerError, type Reply, send, sqlStateOf } from "./message.ts";
import { openSession, type Session } from "./open-session.ts";
import { placeOf } from "./place.ts";
import { readSchema } from "./read-schema.ts";
import type { RunContext } from "./run-context.ts";
import { resetStatements } from "./session.ts";
import type { Target } from "./target.ts";
import { composeTransaction, errorOffset } from "./transaction.ts";

/** The manifest with what each migration makes of an empty schema. Throws a MigrationError where one of them fails. */
export async function rehearse(manifest: Manifest, target: Target): Promise<Manifest> {
  const opened = await openSession(target, "hellojohn-migrate rehearsal", CONTEXT);
  if ("problems" in opened) throw new TypeError("a rehearsal needs an address");
  const { session } = opened;
  try {
    let before: Snapshot = await readSchema(session, target, Number.POSITIVE_INFINITY);
    const migrations: Migration[] = [];
    for (const migration of manifest.migrations) {
      await apply(session, target, migration);
      const after = await readSchema(session, target, Number.POSITIVE_INFINITY);
      migrations.push({ ...migration, change: changeBetween(before, after) });
      before = after;
    }
    return { ...manifest, migrations };
  } finally {
    await session.connection.end().catch(() => {});
  }
}

/** A run of nobody: it has no deadline, and nobody is told. */
const CONTEXT: RunContext = {
  runId: "rehearsal",
  invocationId: "rehearsal",
  hop: 0,
  mayBeTwice: false,
  remainingMs: () => Number.POSITIVE_INFINITY,
  signal: new AbortController().signal,
  onProgress: () => {},
  lockWaitMs: 0,
};

const UNHURRIED = { requestedMs: null, remainingMs: Number.POSITIVE_INFINITY, reserveMs: 0, now: 0 } as const;

async function apply({ connection, applicationName }: Session, target: Target, migration: Migration): Promise<void> {
  const { up } = migration;
  const reset = resetStatements(target, applicationName);
  // One that never ends would keep the build for ever; on an empty database it has less to do than it may take.
  const { timeoutMs } = budgetOf({ ...UNHURRIED, directedMs: up.timeoutMs });
  const limit = `set statement_timeout = ${timeoutMs}`;
  if (up.transactional) {
    const { sql, ...transaction } = composeTransaction([limit], up.sql, reset);
    check(await send(connection, sql), migration, (error) => errorOffset(transaction, up.sql, error));
    return;
  }
  for (const { start, end } of up.statements) {
    await send(connection, limit);
    check(await send(connection, up.sql.slice(start, end)), migration, () => start);
    await send(connection, reset.join(";\n"));
  }
}

function check(
  { error }: Reply,
  migration: Migration,
  offsetOf: (error: Parameters<typeof errorOffset>[2]) => number | null,
) {
  if (error === null) return;
  const offset = isServerError(error) ? offsetOf(error) : null;
  throw new MigrationError(failureOf(migration, migration.up, error, offset), { cause: error });
}

function failureOf(migration: Migration, up: Script, error: Error, offset: number | null): Failure {
  return {
    code: "STATEMENT_FAILED",
    message: `${fullName(migration)} fails on an empty database: ${error.message}`,
    hint: "Mend it: whoever installs this from nothing would meet the same.",
    details: { ...placeOf(up, migration.version, 0, offset), sqlState: sqlStateOf(error) ?? "" },
  };
}
