// Finds the writer: after a failover an endpoint leads to the old one for a while, which is a reader now.
import { setTimeout as sleep } from "node:timers/promises";
import { connectOptions, type Opened, openSession, type Session } from "./open-session.ts";
import type { RunContext } from "./run-context.ts";
import { assertWritable } from "./session.ts";
import type { Target } from "./target.ts";

/** Time for a name to lead elsewhere: Aurora's live for five seconds. */
const PAUSE_MS = 1_000;

/**
 * The session itself, or one on a server that can be written to. Connects again for as long as this database may be
 * waited for, and throws a MigrationError when it stays a standby. Whoever gets another session than its own ends it.
 */
export async function writableSession(session: Session, target: Target, context: RunContext): Promise<Session> {
  const startedAt = performance.now();
  const endsAt = startedAt + Math.min(session.waitMs, connectOptions(context).withinMs);
  let current = session;
  try {
    while (current.facts.isReadOnly && performance.now() + PAUSE_MS < endsAt && !context.signal.aborted) {
      const waitedMs = performance.now() - startedAt;
      context.onProgress({ kind: "database_wait", host: session.host, reason: "it is a standby", waitedMs });
      await sleep(PAUSE_MS, null, { signal: context.signal }).catch(() => {});
      const next: Opened = await openSession(target, session.applicationName, context);
      if ("problems" in next) break;
      if (current !== session) await current.connection.end().catch(() => {});
      current = next.session;
    }
    assertWritable(current.facts, current.host);
    return current;
  } catch (error) {
    if (current !== session) await current.connection.end().catch(() => {});
    throw error;
  }
}
