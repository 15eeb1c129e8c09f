// Tells a pooler that hands each transaction to another backend from one that leaves a session alone, before anything is
// set on a session that may be somebody else's next.
import { randomUUID } from "node:crypto";
import { announcedPid, type Connection } from "../connection/open.ts";
import { MigrationError } from "../failure/failure.ts";
import { isServerError, type Reply, send } from "./message.ts";
import { literal } from "./quote.ts";

/** How often two sessions are compared. Other clients of the pool can hide the truth from one comparison. */
const ROUNDS = 5;

/**
 * How long the other session waits for a backend. A pool that has none to spare keeps it waiting for two minutes, and
 * would keep the session waiting that has to cancel what runs too long.
 */
const PATIENCE_MS = 5_000;

/**
 * True where something stands between us and the server: PgBouncer, RDS Proxy and their like make up the process id that
 * they announce. A direct connection always has its backend's
 * (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP, BackendKeyData).
 */
export function isBehindProxy(connection: Connection, backendPid: number): boolean {
  return announcedPid(connection) !== backendPid;
}

/**
 * Throws POOLER_DETECTED when a mark of ours shows up in another session, or is gone from ours.
 *
 * The mark is a setting of our own that means nothing to anybody, so that one which is left on a backend of the pool
 * does no harm. RDS Proxy pins a session that sets anything
 * (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-pinning.html), and passes.
 */
export async function assertOwnBackend(connection: Connection, openAnother: () => Promise<Connection>): Promise<void> {
  const mark = randomUUID();
  await ask(connection, `select set_config(${literal(MARK)}, ${literal(mark)}, false) as mark`);
  for (let round = 0; round < ROUNDS; round++) {
    const other = await openAnother();
    let isTooLate = false;
    const timer = setTimeout(() => {
      isTooLate = true;
      other.end().catch(() => {});
    }, PATIENCE_MS);
    try {
      // Its transaction keeps a backend to itself: ours, where that was free for anybody to take.
      if ((await ask(other, `begin; ${READ_MARK}`)) === mark) throw poolerDetected("another session found our backend");
      if ((await ask(connection, READ_MARK)) !== mark) throw poolerDetected("our session moved to another backend");
    } catch (error) {
      throw isTooLate ? exhausted() : error;
    } finally {
      clearTimeout(timer);
      // In order, or the pooler closes the backend and others have to wait for a new one.
      await send(other, "rollback");
      await other.end().catch(() => {});
    }
  }
}

/** For a session that moved after all. */
export function poolerDetected(evidence: string): MigrationError {
  return new MigrationError({
    code: "POOLER_DETECTED",
    message: `the connection goes through a transaction pooler: ${evidence}`,
    hint: "Nothing was changed. Use the database's own endpoint, or the pooler in session mode.",
    details: { evidence },
  });
}

/** For any mode of the pool: a run cannot do without the second session, which stops what takes too long. */
function exhausted(): MigrationError {
  const evidence = `a second session was given no backend within ${PATIENCE_MS / 1_000} s`;
  return new MigrationError({
    code: "POOLER_DETECTED",
    message: `the connection goes through a pooler that is used up: ${evidence}`,
    hint: "Nothing was changed. Use the database's own endpoint, or let the pool have more backends.",
    details: { evidence },
  });
}

const MARK = "hellojohn.session";
const READ_MARK = `select current_setting(${literal(MARK)}, true) as mark`;

async function ask(connection: Connection, sql: string): Promise<string | null> {
  const reply = await send(connection, sql);
  if (reply.error !== null) throw unanswered(reply);
  return reply.completed.at(-1)?.[0]?.["mark"] ?? null;
}

function unanswered({ error }: Reply): MigrationError {
  const what = isServerError(error) ? error.message : "the connection was lost";
  return new MigrationError(
    {
      code: "CONNECTION_LOST",
      message: `${what} while it was found out what stands between here and the server`,
      hint: "Nothing was changed. Use the database's own endpoint, or run again.",
      details: { version: null, sqlState: null },
    },
    { cause: error },
  );
}
