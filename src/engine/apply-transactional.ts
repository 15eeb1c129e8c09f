// Takes a step that is one transaction: one message, its journal entry with it.
import type { Turn } from "./ahead.ts";
import { attempt, doneBy, type Sent, sendFirst } from "./attempt.ts";
import type { Budget } from "./budget.ts";
import { explainAttempt } from "./explain-attempt.ts";
import type { StepOutcome } from "./explain-step.ts";
import { frameOf } from "./frame.ts";
import { send } from "./message.ts";
import type { Run } from "./run-context.ts";

/** Takes it, or leaves nothing of it behind. */
export async function applyTransactional(run: Run, turn: Turn, budget: Budget): Promise<StepOutcome> {
  const { step } = turn;
  const { script, version } = step;
  const sent = turn.sent ?? sendNow(run, turn, budget);
  turn.sendNext(budget);
  const attempted = await attempt(run, version, sent.parts, budget, sent);
  if (attempted.reply.error !== null) {
    return explainAttempt(run, step, { statements: script.statements, start: 0 }, attempted, budget);
  }
  turn.done(attempted);
  return doneBy(attempted);
}

function sendNow(run: Run, { step, author, place }: Turn, { endsAt }: Budget): Sent {
  const parts = frameOf(run, step, author, place);
  return sendFirst(run, parts, endsAt - performance.now(), (sql) => send(run.session.connection, sql));
}
