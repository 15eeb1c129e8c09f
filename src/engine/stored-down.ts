// The down script as the journal keeps it: written when a migration is applied, run when it is rolled back, perhaps by
// a build that does not ship that migration any more. Pure.
import type { Migration, Script, Statement, StatementKind } from "../migration/manifest.ts";
import { LINE_END, placesIn } from "../migration/text-place.ts";
import type { Row } from "./message.ts";

/** What the journal holds about the way back. */
export interface StoredDown {
  /** The reason from `-- hj:irreversible`, as it was when the migration was applied. */
  readonly irreversible: string | null;
  /** Null when the migration was applied without a down file. */
  readonly script: Script | null;
}

interface Stored {
  readonly file: string;
  readonly transactional: boolean;
  readonly timeoutMs: number | null;
  readonly statements: readonly (StatementKind & {
    readonly line: number;
    readonly indent: number;
    readonly sql: string;
  })[];
}

/** For the journal's `down` column. Texts, not offsets: a database that is not UTF-8 stores other bytes. */
export function storeDown({ down }: Migration): string | null {
  if (down === null) return null;
  const { file, transactional, timeoutMs, sql } = down;
  const placeAt = placesIn(sql);
  const statements = down.statements.map(({ start, end, ...kind }) => {
    const leading = sql.slice(start, end).search(/\S/);
    const from = start + Math.max(0, leading);
    const { line, lineStart } = placeAt(from);
    return { ...kind, line, indent: from - lineStart, sql: sql.slice(start, end).trim() };
  });
  return JSON.stringify({ file, transactional, timeoutMs, statements } satisfies Stored);
}

/** Decodes a row of readDownsStatement. Statements stand in the lines where their file had them. */
export function decodeDown(row: Row): StoredDown {
  const stored = row["down"] == null ? null : (JSON.parse(row["down"]) as Stored);
  return { irreversible: row["irreversible"] ?? null, script: stored === null ? null : rebuild(stored) };
}

/** Every statement where its file had it, as far as the ones before it leave room. */
function rebuild({ file, transactional, timeoutMs, statements }: Stored): Script {
  let sql = "";
  let place = { line: 1, lineStart: 0 };
  const add = (text: string) => {
    const lines = text.split(LINE_END);
    sql += text;
    if (lines.length > 1)
      place = { line: place.line + lines.length - 1, lineStart: sql.length - (lines.at(-1) ?? "").length };
  };
  const placed = statements.map(({ line, indent, sql: text, ...kind }): Statement => {
    add("\n".repeat(Math.max(0, line - place.line)));
    add(" ".repeat(Math.max(0, indent - (sql.length - place.lineStart))));
    const start = sql.length;
    // A comment at its end would swallow the semicolon.
    const isCommented = (text.split(LINE_END).at(-1) ?? "").includes("--");
    add(`${text}${isCommented ? "\n" : ""};`);
    return { start, end: start + text.length, ...kind };
  });
  return { file, transactional, keepsSession: false, timeoutMs, sql, statements: placed };
}
