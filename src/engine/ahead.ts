// Sends the next step of a run while the server is still at work on the one before: then a step costs what it costs the
// server, and the way there and back nothing. One step ahead and no more, for each that then fails because of the one
// before it is an error in the server's log.
import { type Attempted, type Sent, sendFirst } from "./attempt.ts";
import { type Budget, timeoutOf } from "./budget.ts";
import { frameOf, type Place } from "./frame.ts";
import type { EntryAuthor } from "./journal-statements.ts";
import { sendAhead } from "./message.ts";
import { isDirect } from "./open-session.ts";
import type { Run } from "./run-context.ts";
import { isTransactional, keepsSession, type Step } from "./step.ts";

/** A step's turn to be taken. */
export interface Turn {
  readonly step: Step;
  readonly author: EntryAuthor;
  readonly place: Place;
  /** Null where nothing was sent before its turn came. */
  readonly sent: Sent | null;
  /** To be called when all of this step is on its way. Sends the next one, where that may be. */
  readonly sendNext: (budget: Budget) => void;
  /** To be called when this step is done, with how it came to that. */
  readonly done: (attempted: Pick<Attempted, "attempts" | "interruption">) => void;
  /** Whether the next step is on its way. */
  readonly isNextSent: () => boolean;
}

/** The turns of a run's steps, in order; each is asked for when the one before it is over. */
export function* turnsOf(
  run: Run,
  steps: readonly Step[],
  authorOf: (step: Step) => EntryAuthor,
): Generator<Turn, void, void> {
  let ahead: Sent | null = null;
  let isLockSure = isDirect(run.session);
  for (const [index, step] of steps.entries()) {
    const [sent, number, next] = [ahead, index + 1, steps[index + 1]];
    ahead = null;
    const place = { number, behind: null, isLockSure };
    isLockSure &&= keepsSession(step);
    yield {
      step,
      author: authorOf(step),
      place,
      sent,
      sendNext: (budget) => {
        if (next === undefined || !mayBeAhead(run, next, budget)) return;
        ahead = sendNext(run, next, authorOf(next), { number: number + 1, behind: number, isLockSure });
      },
      done: ({ attempts, interruption }) => {
        // What was behind an attempt that failed has failed with it. A cancel that came too late may hit what is behind.
        if (attempts > 1) ahead = null;
        else if (ahead !== null) ahead = { ...ahead, isSuspect: interruption !== null };
      },
      isNextSent: () => ahead !== null,
    };
  }
}

function sendNext(run: Run, step: Step, author: EntryAuthor, place: Place): Sent {
  const parts = frameOf(run, step, author, place);
  const leftMs = timeoutOf(run.timeoutMs, step.script.timeoutMs);
  return sendFirst(run, parts, leftMs, (sql) => sendAhead(run.session.connection, sql));
}

/**
 * How long it may take is said when it is sent, and it begins only when the other one is done: there has to be time for both
 * to take all of theirs. Once a connection was lost there is one at a time, so that it is known which one costs it.
 */
function mayBeAhead({ session, context, reserveMs, timeoutMs }: Run, next: Step, { endsAt }: Budget): boolean {
  const leftMs = context.remainingMs() - reserveMs - (endsAt - performance.now());
  return (
    isTransactional(next) &&
    !context.signal.aborted &&
    context.leg === undefined &&
    isDirect(session) &&
    leftMs >= timeoutOf(timeoutMs, next.script.timeoutMs)
  );
}
