// The parts that every section of the page is made of. Pure.
import { formatInstant } from "../render/style.ts";
import { type Content, clipped, html, type Markup } from "./html.ts";

/** A landmark with its heading; `id` is a word that no other section of the page has. */
export function section(id: string, title: string, content: Content): Markup {
  return html`<section aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
${content}
</section>
`;
}

/** A name of a thing. Where it is too long for its line it is broken between its words, if it has some. */
export function name(text: string): Markup {
  return html`<code>${clipped(text)
    .split(/(?<=[_.:@/-])(?=\w)/)
    .map((word, index) => (index === 0 ? word : html`<wbr>${word}`))}</code>`;
}

/** A sentence in which commands can be told from words. */
export function prose(text: string): readonly Markup[] {
  return clipped(text)
    .split(COMMAND)
    .map((part, index) => (index % 2 === 0 ? html`${part}` : html`<code>${part}</code>`));
}

const COMMAND = /\b(hj migrations [a-z]+(?: --[a-z-]+)*)/;

/** A time as people and programs read it, in UTC. Broken between day and time, and nowhere else. */
export function instant(iso: string): Markup {
  const [day = "", time = ""] = formatInstant(iso).split(" ");
  return html`<time datetime="${iso}"><span>${day}</span> <span>${time}</span></time>`;
}
