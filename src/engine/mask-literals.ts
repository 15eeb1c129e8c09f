// Hides what stands in string literals: a migration may hold a secret, and its lines are shown in reports. Pure.

/**
 * The text with every character inside a literal replaced by `*`, line ends kept, so that columns stay where they are.
 * Goes through the text once: a file may be 64 MB, and a literal in it nearly as long.
 */
export function maskLiterals(sql: string): string {
  const parts: string[] = [];
  let kept = 0;
  let at = 0;
  while (at < sql.length) {
    const token = tokenAt(sql, at);
    if (token.hidden) {
      const [from, to] = token.hidden;
      parts.push(sql.slice(kept, from), sql.slice(from, to).replace(/[^\r\n]/g, "*"));
      kept = to;
    }
    at = token.end;
  }
  parts.push(sql.slice(kept));
  return parts.join("");
}

interface Token {
  readonly end: number;
  /** What is inside the quotes. */
  readonly hidden?: readonly [from: number, to: number];
}

// Comments and quoted names are stepped over for the quotes in them.
function tokenAt(sql: string, at: number): Token {
  switch (sql[at]) {
    case "-":
      return { end: sql[at + 1] === "-" ? indexOrEnd(sql, /[\r\n]/g, at) : at + 1 };
    case "/":
      return { end: sql[at + 1] === "*" ? endOfComment(sql, at) : at + 1 };
    case '"':
      return { end: endOfQuoted(sql, at, false) };
    case "'":
      return quoted(at + 1, endOfQuoted(sql, at, hasEscapes(sql, at)), 1);
    case "$":
      return dollarQuoted(sql, at);
    default:
      return { end: indexOrEnd(sql, /[-/"'$]/g, at + 1) };
  }
}

function quoted(from: number, end: number, quote: number): Token {
  return { end, hidden: [from, Math.max(from, end - quote)] };
}

/** A backslash escapes in E'...' only: https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-STRINGS-ESCAPE */
function hasEscapes(sql: string, at: number): boolean {
  return /(?<![\w$\u0080-\uffff])[eE]$/.test(sql.slice(Math.max(0, at - 2), at));
}

function endOfQuoted(sql: string, at: number, escapes: boolean): number {
  const quote = sql[at];
  for (let end = at + 1; end < sql.length; end++) {
    if (escapes && sql[end] === "\\") end++;
    else if (sql[end] === quote) {
      if (sql[end + 1] !== quote) return end + 1;
      end++;
    }
  }
  return sql.length;
}

/** Block comments nest. */
function endOfComment(sql: string, at: number): number {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = at;
  for (let depth = 0, found = mark.exec(sql); found !== null; found = mark.exec(sql)) {
    depth += found[0] === "/*" ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  return sql.length;
}

function dollarQuoted(sql: string, at: number): Token {
  const tag = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
  tag.lastIndex = at;
  const quote = /[\w\u0080-\uffff]/.test(sql[at - 1] ?? "") ? undefined : tag.exec(sql)?.[0];
  if (quote === undefined) return { end: at + 1 };
  const close = sql.indexOf(quote, at + quote.length);
  return quoted(at + quote.length, close < 0 ? sql.length : close + quote.length, close < 0 ? 0 : quote.length);
}

function indexOrEnd(sql: string, pattern: RegExp, from: number): number {
  pattern.lastIndex = from;
  return pattern.exec(sql)?.index ?? sql.length;
}
