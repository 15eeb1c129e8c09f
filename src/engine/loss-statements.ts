// The statements that find and count what a rollback would lose, as text. Pure; sending them is count-losses.ts.
import type { Row } from "./message.ts";
import { identifier, literal, qualified } from "./quote.ts";
import type { Sweep } from "./sweep.ts";
import type { Target } from "./target.ts";

/** Counted no further: a large table costs no more than one of this many rows. */
export const COUNTED_UP_TO = 10_000;

/** A table that is there; `number` is that of the sweep's entry that leads to it. */
export interface FoundTable {
  readonly number: number;
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** Of the server's statistics; 0 where there are none. */
  readonly estimate: number;
  /** The tables that it is a partition or a child of: reading them reads it. */
  readonly ancestors: readonly string[];
}

/** A column that is there and is not generated from others. */
export interface FoundColumn {
  readonly number: number;
  /** Of its table. */
  readonly oid: string;
}

/**
 * One statement each for tables, columns, and functions that are not PostgreSQL's own. The journal is left out: a script
 * that takes it away fails and leaves everything as it was.
 */
export function findStatements({ tables, columns, calls }: Sweep, target: Target): readonly string[] {
  const tablesWanted = tables.map(({ schema, name, verb, reach }, number) => ({
    number,
    schema,
    name,
    reach,
    // What a view or a foreign table shows stays when it is dropped, and goes when it is emptied.
    kinds: verb === "drop" ? "rp" : "rpfv",
  }));
  const columnsWanted = columns.map(({ schema, table, column }, number) => ({ number, schema, name: table, column }));
  const callsWanted = calls.map((call, number) => ({ number, ...call.function }));
  const isJournal = `n.nspname = ${literal(target.schema)} and c.relname = ${literal(target.journal)}`;
  return [
    `with recursive wanted as (select * from ${recordset(tablesWanted, "number int, schema name, name name, reach text, kinds text")}),
found (oid, number, reach) as (
select c.oid, w.number, w.reach from wanted w join pg_namespace n on n.nspname = w.schema join pg_class c on c.relnamespace = n.oid and (w.name is null or c.relname = w.name) where strpos(w.kinds, c.relkind::text) > 0
union
select other.oid, f.number, f.reach from found f cross join lateral (select conrelid as oid from pg_constraint where confrelid = f.oid and contype = 'f' and (f.reach = 'truncated' or f.reach = 'deleted' and confdeltype = 'c') union select inhrelid from pg_inherits where inhparent = f.oid and f.reach <> 'only') as other)
select f.number, c.oid, n.nspname as schema, c.relname as name, greatest(c.reltuples, 0)::bigint as estimate, (with recursive above (oid) as (select inhparent from pg_inherits where inhrelid = c.oid union select inhparent from pg_inherits i join above on i.inhrelid = above.oid) select string_agg(oid::text, ' ') from above) as ancestors
from found f join pg_class c using (oid) join pg_namespace n on n.oid = c.relnamespace where not (${isJournal}) order by f.number, n.nspname, c.relname`,
    `select w.number, c.oid from ${recordset(columnsWanted, 'number int, schema name, name name, "column" name')} join pg_namespace n on n.nspname = w.schema join pg_class c on c.relnamespace = n.oid and c.relname = w.name and c.relkind in ('r', 'p') join pg_attribute a on a.attrelid = c.oid and a.attname = w."column" and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' where not (${isJournal}) order by w.number`,
    `select w.number from ${recordset(callsWanted, "number int, schema name, name name")} where w.schema is distinct from 'pg_catalog' and (w.schema is not null or not exists (select from pg_proc p where p.proname = w.name and p.pronamespace = 'pg_catalog'::regnamespace) or exists (select from pg_proc p where p.proname = w.name and p.pronamespace <> 'pg_catalog'::regnamespace and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'))) order by w.number`,
  ];
}

/** Decodes a row of the first of findStatements. */
export function decodeTable(row: Row): FoundTable {
  return {
    number: Number(row["number"]),
    oid: row["oid"] ?? "",
    schema: row["schema"] ?? "",
    name: row["name"] ?? "",
    estimate: Number(row["estimate"]),
    ancestors: (row["ancestors"] ?? "").split(" ").filter((oid) => oid !== ""),
  };
}

/** Decodes a row of the second of findStatements. */
export function decodeColumn(row: Row): FoundColumn {
  return { number: Number(row["number"]), oid: row["oid"] ?? "" };
}

/** The rows of a table, as far as they are counted. */
export function countRowsStatement(table: { readonly schema: string; readonly name: string }): string {
  return `select count(*) as count from (select from ${qualified(table)} limit ${COUNTED_UP_TO + 1}) as held`;
}

/** Type and default of a column. Waits for whoever has the table to itself: the default is printed under a lock. */
export function defaultStatement(oid: string, column: string): string {
  return `select format_type(a.atttypid, a.atttypmod) as type, pg_get_expr(d.adbin, d.adrelid) as default from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum where a.attrelid = ${literal(oid)}::oid and a.attname = ${literal(column)}`;
}

/**
 * The values of a column, as far as they are counted. A constant default is none: the migration would bring it again.
 * `row` is that of defaultStatement.
 */
export function countValuesStatement(
  table: { readonly schema: string; readonly name: string },
  column: string,
  row: Row,
): string {
  const name = identifier(column);
  const value = row["default"] ?? "";
  // As text, because not every type can be compared.
  const isOther = CONSTANT.test(value) ? ` and ${name}::text <> (${value})::${row["type"]}::text` : "";
  const held = `select from ${qualified(table)} where ${name} is not null${isOther}`;
  return `select count(*) as count from (${held} limit ${COUNTED_UP_TO + 1}) as held`;
}

/** As PostgreSQL prints one: `0`, `'-1'::integer`, `true`, `'it''s'::text`, `'{}'::text[]`. */
const CONSTANT = /^(?:(?:'(?:[^'\\]|'')*'|-?\d+(?:\.\d+)?|\(-\d+(?:\.\d+)?\))(?:::[\w. ",()[\]]+)?|true|false)$/;

function recordset(wanted: readonly object[], columns: string): string {
  return `json_to_recordset(${literal(JSON.stringify(wanted))}::json) as w (${columns})`;
}
