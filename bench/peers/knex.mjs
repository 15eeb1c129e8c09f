// https://knexjs.org/guide/migrations.html: its files are modules, so each SQL file is one that hands its SQL to raw().
import knex from "knex";

export async function prepare(directory, action) {
  return async (connection) => {
    const db = knex({ client: "pg", connection, migrations: { directory } });
    try {
      await (action === "up" ? db.migrate.latest() : db.migrate.list());
    } finally {
      await db.destroy();
    }
  };
}
