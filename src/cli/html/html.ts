// Markup as a value. The only place that escapes: what is put into a template is text, unless a template made it.

/** Markup that `html` made, and nothing else can: what a report says is never taken for it. */
export class Markup {
  readonly #text: string;

  constructor(template: TemplateStringsArray, contents: readonly Content[]) {
    this.#text = template.map((part, index) => `${part}${textOf(contents[index] ?? null)}`).join("");
  }

  toString(): string {
    return this.#text;
  }
}

/** What a template takes. Null is nothing; of a list all, one after the other. */
export type Content = Markup | string | number | null | readonly Content[];

/** A template. Attributes in it are quoted, and what names an element or an attribute is never put in. */
export function html(template: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return new Markup(template, contents);
}

/** What a server says may quote what it was given, megabytes of it; a report is cut at the same length. */
const MAXIMUM_TEXT = 2_000;

/** As much of a text as is shown. A template does this too; before it, for what takes a text apart. */
export function clipped(text: string): string {
  return text.length > MAXIMUM_TEXT ? `${text.slice(0, MAXIMUM_TEXT)}…` : text;
}

function textOf(content: Content): string {
  if (content === null) return "";
  if (content instanceof Markup) return content.toString();
  if (Array.isArray(content)) return content.map(textOf).join("");
  return escaped(String(content));
}

function escaped(text: string): string {
  return clipped(text)
    .toWellFormed()
    .replace(UNSEEN, (character) => `[U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}]`)
    .replace(/[&<>"']/g, (character) => ENTITIES[character as keyof typeof ENTITIES]);
}

/** What has no shape, and can make a text look like another one: controls, and marks that turn the direction of writing. */
const UNSEEN = /\p{Bidi_Control}|[^\P{Cc}\t\n]/gu;

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" } as const;
