// Where something was asked for and could not be had: said, so that nobody takes it for nothing found. Pure.
import { sentence } from "../render/render-problems.ts";
import { html, type Markup } from "./html.ts";
import type { Picture } from "./picture.ts";
import { prose } from "./section.ts";

/** Of an answer that is not the one that was asked for. */
export function untold(answer: NonNullable<Picture["list"]>): Markup {
  const { message, hint } = reasonOf(answer);
  return html`<p>This could not be looked at: ${message}</p>
${hint === undefined ? null : html`<p class="hint">${prose(hint)}</p>`}`;
}

function reasonOf(answer: NonNullable<Picture["list"]>): {
  readonly message: string;
  readonly hint?: string | undefined;
} {
  if (!("outcome" in answer)) return answer;
  if (answer.outcome === "failed") return answer.failure;
  const problem = answer.outcome === "refused" ? answer.problems[0] : undefined;
  return problem === undefined
    ? { message: `the answer was ${answer.outcome}` }
    : { message: sentence(problem), hint: problem.hint };
}
