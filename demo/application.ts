// The application of the demo: a server of version 1 that looks sessions up, notes that they are used and signs users in,
// with the queries that are recorded of it, and the figures of what it feels. Knows nothing of a deploy.
import pg from "pg";
import { type ApplicationLoad, startApplicationLoad, type Transact } from "../test/support/application-load.ts";
import { helloJohnRecordings, queriesOf, type RecordedQuery } from "../test/support/recorded-queries.ts";

/** The versions of HelloJohn's migrations that the schema of version 1 is made of. */
export const VERSION_1 = ["20240115_001", "20240201_001", "20240301_001", "20240401_001", "20240501_001"];

/** How many users there are, each with a session. */
export const USERS = 30_000;

/** How much the application does. */
export const LOAD = { sessions: 12, perSecond: 120 };

/** As the recorded queries name them, and one session that came from another system and was over before it began. */
const DATA = `
  insert into hj_user (id, email, name)
    select 'user ' || n, 'ada.' || n || '@example.com', 'Ada ' || n from generate_series(1, ${USERS}) n;
  insert into hj_session (id, user_id, token_hash, expires_at)
    select 'session ' || n, 'user ' || n, sha256(convert_to('sha256:session ' || n, 'UTF8')), now() + interval '30 days'
    from generate_series(1, ${USERS}) n;
  insert into hj_session (id, user_id, token_hash, created_at, expires_at)
    values ('imported', 'user 1', sha256('imported'), now(), now() - interval '1 day');
  analyze hj_user, hj_session`;

/** Into the schema of version 1. */
export async function fillTables(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(DATA);
  } finally {
    await client.end();
  }
}

/** Serves until `stop()`, which fails when a request was not answered, or not as it has to be. */
export function startApplication(url: string): Promise<ApplicationLoad> {
  const recorded = queriesOf(helloJohnRecordings(), VERSION_1);
  const named = (name: string) => recorded.find((query) => query.name === name) as RecordedQuery;
  const useSession = [named("find a session by its token"), named("note that a session is used")];
  const signIn = [named("sign in")];
  const transact: Transact = async (client, session) => {
    const somebody = String(1 + Math.floor(Math.random() * USERS));
    for (const { name, sql, values } of session % 4 === 0 ? signIn : useSession) {
      const { rowCount } = await client.query({ name, text: sql, values: values(somebody) });
      if (rowCount !== 1) throw new Error(`The application's query "${name}" was answered with ${rowCount} rows.`);
    }
  };
  return startApplicationLoad(url, { ...LOAD, transact });
}

/** What the application feels at the moment. */
export interface Feeling {
  readonly served: number;
  readonly waiting: number;
  /** Of those that were served, and of those that still wait. */
  readonly longestMs: number;
}

/** Who waits for less is not said to wait. */
const NOTICEABLE_MS = 100;

/** Over the last so many milliseconds. */
export function feeling({ ended, waitingMs }: ApplicationLoad, spanMs: number): Feeling {
  const from = performance.now() - spanMs;
  const recent = ended.filter(({ endedAt }) => endedAt >= from).map(({ begunAt, endedAt }) => endedAt - begunAt);
  const waiting = waitingMs().filter((ms) => ms >= NOTICEABLE_MS);
  return { served: recent.length, waiting: waiting.length, longestMs: Math.max(0, ...recent, ...waiting) };
}
