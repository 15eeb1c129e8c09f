// The SQL that every tool is given. Pure: what a tool's file of it looks like is in contestants.ts.

/** One migration, told by its number: each tool gives its files and versions names of its own. */
export interface SmallMigration {
  readonly number: number;
  readonly sql: string;
}

/** In the name of every table that a migration makes, and of nothing else. */
export const OWN = "bench_item";

/** Three statements each, as most migrations of public projects are. */
export function smallMigrations(count: number): readonly SmallMigration[] {
  return Array.from({ length: count }, (_, index) => {
    const number = index + 1;
    const table = `${OWN}_${digits(number)}`;
    const sql = `create table ${table} (id bigint primary key, name text not null, added_at timestamptz not null);
create index ${table}_name on ${table} (name);
comment on table ${table} is 'Item ${number} of a side-by-side measurement';
`;
    return { number, sql };
  });
}

/** A table, and one row of it in each of the others: where only their number is of interest. */
export function rowMigrations(count: number): readonly SmallMigration[] {
  const first = `create table ${OWN}_row (id bigint primary key, name text not null);\n`;
  return Array.from({ length: count }, (_, index) => ({
    number: index + 1,
    sql: index === 0 ? first : `insert into ${OWN}_row (id, name) values (${index + 1}, 'Row ${index + 1} of many');\n`,
  }));
}

/** The same as one file of so many statements. */
export function largeMigration(statements: number): readonly SmallMigration[] {
  const sql = rowMigrations(statements).map(({ sql }) => sql);
  return [{ number: 1, sql: sql.join("") }];
}

/** So many that all files of a scenario sort as their numbers do. */
export function digits(number: number): string {
  return String(number).padStart(6, "0");
}
