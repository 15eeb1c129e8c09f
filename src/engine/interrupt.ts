// Sends a message and sees to it that it ends in time: on the server, through a second connection.
import { requestCancel } from "../connection/cancel-request.ts";
import { hangUp } from "../connection/open.ts";
import type { Blocker, IndexBuild } from "../failure/failure.ts";
import type { Budget, Interruption } from "./budget.ts";
import { type Reply, send } from "./message.ts";
import { isDirect } from "./open-session.ts";
import { literal } from "./quote.ts";
import type { Run } from "./run-context.ts";
import type { SessionFacts } from "./session.ts";

/** What came back, and whether we had asked the server to stop. */
export interface Interrupted {
  readonly reply: Reply;
  /** Set although the reply may be a success: a cancel that comes during COMMIT is too late. */
  readonly interruption: Interruption | null;
  /** Who was last seen to keep it waiting. */
  readonly blockers: readonly Blocker[];
  /** How far an index build was when it was last looked at. */
  readonly build: IndexBuild | null;
}

/** Sends one message and waits for its answer; nothing is sent once the run is to stop. */
export async function sendWithin(
  run: Run,
  version: string,
  sql: string,
  budget: Budget,
  atDeadline: "cancel" | "leave" = "cancel",
): Promise<Interrupted> {
  if (run.context.signal.aborted)
    return { reply: { completed: [], copied: "", error: NOT_SENT }, interruption: "abort", blockers: [], build: null };
  return answerWithin(run, version, send(run.session.connection, sql), budget, atDeadline);
}

/**
 * Waits for the answer to a message. When the budget ends or the run is to stop, the statement is cancelled with
 * pg_cancel_backend: RDS Proxy does not pass the protocol's own cancel request on. That one is sent where no second session is
 * to be had, and nothing stands between us and the server.
 *
 * `leave` gives the connection up instead when the deadline comes, and the server goes on alone.
 *
 * Returns when both the cancel and the message have been answered; a cancel left in flight would hit the next message.
 */
export async function answerWithin(
  run: Run,
  version: string,
  answer: Promise<Reply>,
  budget: Budget,
  atDeadline: "cancel" | "leave" = "cancel",
): Promise<Interrupted> {
  let interruption: Interruption | null = null;
  let cancelling: Promise<void> | null = null;
  let isOver = false;
  let isCancelSent = false;
  const isWanted = () => {
    isCancelSent = !isOver;
    return isCancelSent;
  };
  const interrupt = (reason: Interruption) => {
    interruption ??= reason;
    if (interruption === "deadline" && atDeadline === "leave") hangUp(run.session.connection, LEFT);
    else cancelling ??= cancelBackend(run, isWanted);
  };
  const watch = run.lookout.watch((sight) => run.context.onProgress({ kind: "seen", version, ...sight }));
  const onAbort = () => interrupt("abort");
  const timer = setTimeout(() => interrupt(budget.reason), Math.max(0, budget.endsAt - performance.now()));
  run.context.signal.addEventListener("abort", onAbort, { once: true });
  if (run.context.signal.aborted) onAbort();
  try {
    const reply = await answer;
    return { reply, interruption, ...watch.stop() };
  } finally {
    isOver = true;
    watch.stop();
    clearTimeout(timer);
    run.context.signal.removeEventListener("abort", onAbort);
    // One that waits for a session will find that it is wanted no more.
    if (isCancelSent) await cancelling;
  }
}

const LEFT = "left to the server";

/** Stands in for an answer where nothing was sent. */
export const NOT_SENT = new Error("the run was stopped before this was sent");

/** Behind what cannot be heard stands the server's own statement_timeout, which counts for each statement alone. */
async function cancelBackend({ lookout, session }: Run, isWanted: () => boolean): Promise<void> {
  const reply = await lookout.ask(cancelStatement(session), isWanted);
  if (reply === null && isDirect(session) && isWanted()) await requestCancel(session.connection);
}

/**
 * Cancels what this very backend is at. A pid is used again once its session is gone, by one that began later; and the name of
 * a server may lead to the one that has taken its place, where another session has had that pid for long.
 */
export function cancelStatement({
  facts: { backendPid, askedAt, serverStart },
}: {
  readonly facts: Pick<SessionFacts, "backendPid" | "askedAt" | "serverStart">;
}): string {
  return `select pg_cancel_backend(pid) from pg_stat_get_activity(${backendPid}) where backend_start <= ${literal(askedAt)} and pg_postmaster_start_time() = ${literal(serverStart)}`;
}
