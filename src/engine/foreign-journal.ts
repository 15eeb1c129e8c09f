// What the journals of other tools say of a database: a hint, never a proof. Pure SQL text and its decoding.
import { compareVersions } from "../migration/version.ts";
import type { Row } from "./message.ts";
import { literal, qualified } from "./quote.ts";

/** By the names that their tools give them; golang-migrate and dbmate share one. */
const JOURNALS = ["_migrations_tenant", "schema_migrations", "flyway_schema_history", "pgmigrations"] as const;

/** What one of them says. */
export interface ForeignJournal {
  readonly table: string;
  /** The newest of our versions that it names; null when it names none. */
  readonly newest: string | null;
  /** It says itself that a migration did not get through. */
  readonly isDirty: boolean;
}

/** Which of them there are. Tables only: to read a view is to run what somebody wrote, with the rights of our role. */
export function foreignTablesStatement(schema: string): string {
  return `select relname as name from pg_class join pg_namespace n on n.oid = relnamespace where nspname = ${literal(schema)} and relkind in ('r', 'p') and relname in (${JOURNALS.map(literal).join(", ")}) order by relname`;
}

/**
 * Rows as JSON, because the columns are each tool's own; those that did not get through first. Anybody may have a table
 * of that name, so neither its size nor a session that has it to itself may hold up an adoption. One message; the answer
 * to the one at ROWS_INDEX has the rows.
 */
export function foreignRowsStatements(schema: string, table: string): readonly string[] {
  return [
    "begin isolation level read committed read only",
    "set local lock_timeout = '1s'",
    "set local statement_timeout = '5s'",
    `select content::text as entry from (select to_jsonb(entry.*) as content from ${qualified({ schema, name: table })} as entry) as entries where octet_length(content::text) < 10000 order by content -> 'dirty' = 'true' or content -> 'success' = 'false' desc nulls last limit 10000`,
    "commit",
  ];
}

/** Which statement of foreignRowsStatements has the rows. */
export const ROWS_INDEX = 3;

/** Decodes the answer to foreignRowsStatements. `versions` are those of the build. */
export function decodeForeignJournal(table: string, rows: readonly Row[], versions: readonly string[]): ForeignJournal {
  const entries = rows.map((row) => JSON.parse(row["entry"] ?? "{}") as Record<string, unknown>);
  const said = entries.flatMap((entry) => Object.values(entry).map(String));
  const names = new Set(said.flatMap(namedBy));
  const numbers = new Set(said.filter((text) => /^\d{1,40}$/.test(text)).map(BigInt));
  const named = versions.filter((version) => names.has(version) || numbers.has(BigInt(version.replaceAll(/\D/g, ""))));
  return {
    table,
    newest: named.toSorted(compareVersions).at(-1) ?? null,
    isDirty: entries.some((entry) => entry["dirty"] === true || entry["success"] === false),
  };
}

/** A version, or a file's name with one at its head; golang-migrate keeps digits only. */
function namedBy(text: string): readonly string[] {
  const [longest, digits] = /^(\d+)(?:_\d+)?/.exec(text) ?? [];
  return longest === undefined || digits === undefined ? [] : [longest, digits];
}
