// The marks that stand before what is good or bad: told apart by their shape, so that nobody needs the colour. Pure.
import type { Mood } from "../render/verdict.ts";
import { html, type Markup } from "./html.ts";

/** Drawn for the eye only: the words beside it say the same. */
export function mark(mood: Mood): Markup {
  return html`<svg class="mark ${mood}" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">${SHAPES[mood]}</svg>`;
}

const SHAPES: Readonly<Record<Mood, Markup>> = {
  good: html`<circle cx="12" cy="12" r="10"/><path d="M7.5 12.5l3 3 6-6.5"/>`,
  plain: html`<circle cx="12" cy="12" r="10"/><path d="M8 12h8"/>`,
  attention: html`<path d="M12 2.5L22.5 21h-21z"/><path d="M12 9.5v5M12 17.6v.2"/>`,
  bad: html`<path d="M7.9 2h8.2L22 7.9v8.2L16.1 22H7.9L2 16.1V7.9z"/><path d="M8.5 8.5l7 7m0-7l-7 7"/>`,
};
