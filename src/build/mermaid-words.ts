// Names as Mermaid's entity-relationship diagrams and Markdown take them, whatever they hold. Knows no schema.
//
// Written for the oldest grammar that GitHub may use, whose words are narrower than those of the newest:
// https://github.com/mermaid-js/mermaid/blob/develop/packages/mermaid/src/diagrams/er/parser/erDiagram.jison

/**
 * An entity's name, in quotes. A character that Mermaid would take for something else is shown by one that looks like
 * it, so that two names never become one.
 */
export function entity(name: string): string {
  return `"${shown(name, /[\w.$-]/)}"`;
}

/**
 * A column's name, in letters of ASCII. Differs from `name` where it is made of more, and two may become one: then say
 * the name beside it.
 */
export function attributeWord(name: string): string {
  return word(name.replace(/\W/gu, "_"));
}

/** A column's type, in the short form where it has one. */
export function attributeType(type: string): string {
  const short = LONG_TYPES.reduce((text, [long, abbreviation]) => text.replace(long, abbreviation), type);
  return word(short.replace(/[^\w()[\]]/gu, "_"));
}

/** A remark or a label. Keeps what is outside ASCII. */
export function inQuotes(text: string): string {
  // Two words of it in a row would turn the whole diagram round.
  const safe = text.replace(/direction(?=\s)/gi, "$&:");
  return `"${shown(safe, /[ \w.,;:()$-]/)}"`;
}

/** Text in a line of Markdown, as code. */
export function codeSpan(text: string): string {
  const inOneLine = text.replace(/[\s\p{Cc}]/gu, " ");
  const longest = Math.max(0, ...(inOneLine.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = "`".repeat(longest + 1);
  const pad = /^`|`$/.test(inOneLine) ? " " : "";
  return `${fence}${pad}${inOneLine}${pad}${fence}`;
}

const LONG_TYPES: readonly (readonly [long: RegExp, short: string])[] = [
  [/^timestamp(\(\d\))? with time zone/, "timestamptz$1"],
  [/^timestamp(\(\d\))? without time zone/, "timestamp$1"],
  [/^time(\(\d\))? with time zone/, "timetz$1"],
  [/^time(\(\d\))? without time zone/, "time$1"],
  [/^character varying/, "varchar"],
  [/^double precision/, "float8"],
  [/^bit varying/, "varbit"],
];

/** A word may not start with a digit, and the marks of keys are no words. */
function word(text: string): string {
  return /^(?:[^A-Za-z_]|(?:PK|FK|UK)\b|$)/i.test(text) ? `_${text}` : text;
}

function shown(text: string, kept: RegExp): string {
  return [...text].map((character) => (kept.test(character) ? character : lookalike(character))).join("");
}

function lookalike(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (/\s/.test(character)) return "␣";
  // The full-width forms of ASCII stand in its order.
  if (code > 0x20 && code < 0x7f) return String.fromCodePoint(code + 0xfee0);
  return code < 0xc0 ? "�" : character;
}
