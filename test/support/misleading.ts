// A role whose search_path puts functions before PostgreSQL's own that are called the same and only fail.
import type { TestDatabase } from "./database.ts";
import type { TestRole } from "./workplace.ts";

const FUNCTIONS = [
  "clock_timestamp()",
  "concat_ws(text, text, text)",
  "current_database()",
  "current_setting(text)",
  "has_schema_privilege(regnamespace, text)",
  "now()",
  "pg_backend_pid()",
  "pg_blocking_pids(integer)",
  "pg_cancel_backend(integer)",
  "pg_is_in_recovery()",
  "pg_postmaster_start_time()",
  "quote_ident(text)",
  "set_config(text, text, boolean)",
  "to_regnamespace(text)",
];

/** From its next session on, and in this database. */
export async function mislead(database: TestDatabase, role: TestRole): Promise<void> {
  const body = "begin raise exception 'a function of somebody else was called'; end";
  const functions = FUNCTIONS.map(
    (signature) => `create function misleading.${signature} returns text language plpgsql as $$ ${body} $$;`,
  );
  await database.query(`create schema misleading; ${functions.join(" ")}
    grant usage on schema misleading to ${role.name};
    alter role ${role.name} in database ${database.name} set search_path = misleading, pg_catalog`);
}
