// Watches what statements lock and rewrite: between two of them, in their own transaction, the session's locks are read. For
// authors, on a database that nobody else uses.
import { isNoticed, isStronger, type LockMode, type TableLock } from "../migration/foreseen.ts";
import type { Script } from "../migration/manifest.ts";
import { check, limitOf, type Subject } from "./apply-unrecorded.ts";
import { isServerError, type Row, send } from "./message.ts";
import { firstToken } from "./place.ts";
import type { PreparedSession } from "./prepare-session.ts";
import { resetStatements } from "./session.ts";
import type { Target } from "./target.ts";
import { errorOffset } from "./transaction.ts";

/** What a script really took of tables that were there before it: of each the strongest in each of its transactions. */
export interface Traced {
  readonly locks: readonly TableLock[];
  /** False where a statement ran alone: its locks are gone when it is done, and are not in `locks`. */
  readonly isComplete: boolean;
}

interface Relation {
  readonly schema: string;
  readonly name: string;
  readonly fileNode: string | null;
}

/** Applies a script, statement by statement. Throws a MigrationError that says where it failed. */
export async function traceScript(session: PreparedSession, target: Target, subject: Subject): Promise<Traced> {
  const { connection } = session;
  const { script } = subject;
  const before = relationsOf(await read(session, RELATIONS));
  let files = before;
  const seen = new Map<string, TableLock>();
  const execute = async (start: number, end: number) => {
    const body = script.sql.slice(start, end);
    const reply = await send(connection, body);
    if (isServerError(reply.error)) await send(connection, "rollback");
    check(reply, subject, (error) => offsetIn(start, errorOffset({ headLength: 0 }, body, error)));
    // What is emptied gets a new file too, and no row is written anew for it.
    if (/^truncate\b/i.test(body.slice(firstToken(body, 0)))) files = relationsOf(await read(session, RELATIONS));
  };
  const look = async () => {
    const after = relationsOf(await read(session, RELATIONS));
    const held = new Map<string, TableLock>();
    for (const [id, mode] of (await read(session, LOCKS)).map(decodeLock)) {
      const relation = before.get(id);
      if (relation === undefined) continue;
      const isRewritten = after.has(id) && after.get(id)?.fileNode !== files.get(id)?.fileNode;
      note(held, id, lockOf(relation, target, mode, isRewritten));
    }
    for (const [id, lock] of held) note(seen, `${id} ${lock.mode}`, lock);
    files = after;
  };
  const reset = resetStatements(target, session).join(";\n");
  for (const transaction of transactionsOf(script)) {
    if (transaction.isAlone) await send(connection, limitOf(script));
    else await send(connection, `begin; ${limitOf(script)}`);
    for (const { start, end } of transaction.statements) await execute(start, end);
    if (!transaction.isAlone) {
      await look();
      check(await send(connection, "commit"), subject, () => null);
    }
    await send(connection, reset);
  }
  const isComplete = script.transactional || script.statements.every(({ kind }) => kind === "ordinary");
  return { locks: [...seen.values()].filter(isNoticed), isComplete };
}

/** A file in one transaction, or each statement in its own, or alone where it can be in none. */
function transactionsOf({ transactional, statements }: Script) {
  if (transactional) return [{ isAlone: false, statements }];
  return statements.map((statement) => ({ isAlone: statement.kind !== "ordinary", statements: [statement] }));
}

function offsetIn(start: number, offset: number | null): number {
  return start + (offset ?? 0);
}

function lockOf({ schema, name }: Relation, target: Target, mode: LockMode, isRewritten: boolean): TableLock {
  const table = { schema: schema === target.schema ? null : schema, name };
  return { table, mode, work: isRewritten ? "rewrite" : null };
}

/** A session can hold several locks on one table: pg_locks has them in any order. */
function note(seen: Map<string, TableLock>, id: string, next: TableLock): void {
  const other = seen.get(id);
  const mode = other === undefined || isStronger(next.mode, other.mode) ? next.mode : other.mode;
  seen.set(id, { ...next, mode, work: next.work ?? other?.work ?? null });
}

async function read({ connection }: PreparedSession, sql: string): Promise<readonly Row[]> {
  const { completed, error } = await send(connection, sql);
  if (error !== null) throw error;
  return completed[0] ?? [];
}

function relationsOf(rows: readonly Row[]): ReadonlyMap<string, Relation> {
  return new Map(
    rows.map((row) => [
      row["id"] ?? "",
      { schema: row["schema"] ?? "", name: row["name"] ?? "", fileNode: row["file_node"] ?? null },
    ]),
  );
}

function decodeLock(row: Row): readonly [string, LockMode] {
  return [row["id"] ?? "", (row["mode"] ?? "") as LockMode];
}

const RELATIONS = `select c.oid as id, n.nspname as schema, c.relname as name, pg_catalog.pg_relation_filenode(c.oid) as file_node
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`;

const LOCKS = `select relation as id, mode from pg_catalog.pg_locks
where pid = pg_catalog.pg_backend_pid() and locktype = 'relation' and granted`;
