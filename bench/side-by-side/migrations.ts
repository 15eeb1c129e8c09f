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

/** One migration of so many statements: a table and its rows. */
export function largeMigration(statements: number): readonly SmallMigration[] {
  const rows = Array.from(
    { length: statements - 1 },
    (_, index) => `insert into ${OWN}_row (id, name) values (${index + 1}, 'Row ${index + 1} of many');\n`,
  );
  return [{ number: 1, sql: `create table ${OWN}_row (id bigint primary key, name text not null);\n${rows.join("")}` }];
}

/** Of a statement that does next to nothing: where only their number is of interest. */
export function emptyMigrations(count: number): readonly SmallMigration[] {
  return Array.from({ length: count }, (_, index) => ({ number: index + 1, sql: `select '${OWN}';\n` }));
}

/** So many that all files of a scenario sort as their numbers do. */
export function digits(number: number): string {
  return String(number).padStart(6, "0");
}
