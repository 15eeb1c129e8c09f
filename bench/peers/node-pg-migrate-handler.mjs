// node-pg-migrate in the clothes of the hook, for the cold starts: the same secret, the same TLS, nothing to do after its
// first call. Here, because it is installed here.
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { runner } from "node-pg-migrate";

export async function handler() {
  const { SecretString = "" } = await new SecretsManagerClient({}).send(
    new GetSecretValueCommand({ SecretId: process.env["HELLOJOHN_DATABASE_SECRET_ID"] }),
  );
  return await runner({
    databaseUrl: { connectionString: SecretString, ssl: { rejectUnauthorized: true } },
    dir: process.env["MIGRATIONS_DIRECTORY"] ?? "",
    migrationsTable: "pgmigrations",
    direction: "up",
    log: () => {},
  });
}
