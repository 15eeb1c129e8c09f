// Tells a pooler that hands each transaction to another backend from one that leaves a session alone, before anything is
// set on a session that may be somebody else's next.
import { randomUUID } from "node:crypto";
import { announcedPid, type Connection } from "../connection/open.ts";
import { MigrationError } from "../failure/failure.ts";
import { isServerError, type Reply, send } from "./message.ts";
import { literal } from "./quote.ts";

/**
 * Sessions that ours is compared with, and how often with each. Other clients of the pool can hide the truth from one
 * look: from one in eight at most, as measured, where eight of them share two backends.
 */
const OTHERS = 5;
const LOOKS = 2;

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
 * Returns the process id of the backend that is ours alone. Throws POOLER_DETECTED when a mark of ours shows up in another
 * session, or is gone from ours.
 *
 * The mark is a setting of our own that means nothing to anybody, so that one which is left on a backend of the pool
 * does no harm. RDS Proxy pins a session that sets anything
 * (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-pinning.html), and passes.
 *
 * PgBouncer hands out the backend that was given back last, or all in turn
 * (https://www.pgbouncer.org/config.html#server_round_robin). Where nobody interferes, the other session gets ours in the
 * first case, and two looks of ours in a row come to two backends in the second. Each look begins anew: without the two, a
 * pool that was once stirred up would give each session the backend it had before for as long as it is quiet.
 */
export async function assertOwnBackend(
  connection: Connection,
  openAnother: () => Promise<Connection>,
): Promise<number> {
  const mark = randomUUID();
  let own = await ask(
    connection,
    `select pg_catalog.set_config(${literal(MARK)}, ${literal(mark)}, false) as mark, ${PID}`,
  );
  for (let opened = 0; opened < OTHERS; opened++) {
    const other = await openAnother();
    try {
      for (let look = 0; look < LOOKS; look++) {
        if ((await askInTime(other)).mark === mark) throw poolerDetected("another session found our backend");
        for (let again = 0; again < 2; again++) {
          own = await ask(connection, READ_MARK);
          if (own.mark !== mark) throw sessionMoved();
        }
      }
    } finally {
      await other.end().catch(() => {});
    }
  }
  return own.pid;
}

/** For a session that is on another backend than it was. */
export function sessionMoved(): MigrationError {
  return poolerDetected("our session moved to another backend");
}

/** For anything else that only a transaction pooler does. */
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
const PID = "pg_catalog.pg_backend_pid() as pid";
const READ_MARK = `select pg_catalog.current_setting(${literal(MARK)}, true) as mark, ${PID}`;

interface Found {
  readonly mark: string | null;
  readonly pid: number;
}

async function ask(connection: Connection, sql: string): Promise<Found> {
  const reply = await send(connection, sql);
  const row = reply.completed[0]?.[0];
  if (row === undefined) throw unanswered(reply);
  return { mark: row["mark"] ?? null, pid: Number(row["pid"]) };
}

async function askInTime(other: Connection): Promise<Found> {
  let isTooLate = false;
  const timer = setTimeout(() => {
    isTooLate = true;
    other.end().catch(() => {});
  }, PATIENCE_MS);
  try {
    return await ask(other, READ_MARK);
  } catch (error) {
    throw isTooLate ? exhausted() : error;
  } finally {
    clearTimeout(timer);
  }
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
