// Long lists, kept to what a person scrolls through and a browser shows at once. Pure.
import { html, type Markup } from "./html.ts";

/** Renders the first `limit` of them, and says how many more there are. */
export function bounded<T>(
  all: readonly T[],
  limit: number,
  render: (each: T) => Markup,
): { readonly shown: readonly Markup[]; readonly rest: Markup | null } {
  const left = all.length - limit;
  return { shown: all.slice(0, limit).map(render), rest: left > 0 ? leftOut(left, "page") : null };
}

/** `and 12 more, left out: a page takes no more`; null where nothing is. */
export function leftOut(number: number, taker: "page" | "report"): Markup | null {
  return number > 0
    ? html`<p class="quiet">and ${number.toLocaleString("en")} more, left out: a ${taker} takes no more</p>`
    : null;
}
