// https://github.com/graphile/migrate#library-usage: the committed migrations, as its commands run and count them.
import { Logger, migrate, status } from "graphile-migrate";

export async function prepare(migrationsFolder, action) {
  const logger = new Logger(() => () => {});
  return async (connectionString) => {
    const settings = { connectionString, shadowConnectionString: connectionString, migrationsFolder, logger };
    await (action === "up" ? migrate(settings) : status(settings));
  };
}
