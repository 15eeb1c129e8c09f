// https://github.com/graphile/migrate#library-usage: the committed migrations, as its commands run and count them.
import { Logger, migrate, status } from "graphile-migrate";

export async function prepare(migrationsFolder, action) {
  const logger = new Logger(() => () => {});
  return async (connectionString) => {
    // Asked for by status, and used by neither.
    const shadowConnectionString = `${connectionString}_shadow`;
    const settings = { connectionString, shadowConnectionString, migrationsFolder, logger };
    await (action === "up" ? migrate(settings) : status(settings));
  };
}
