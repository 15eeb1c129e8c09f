// The least that a function in this place can do: fetch the secret, connect with verified TLS, ask one thing. What the
// cold start of the hook is measured against.
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { Client } from "pg";

export async function handler(): Promise<unknown> {
  const { SecretString } = await new SecretsManagerClient({}).send(
    new GetSecretValueCommand({ SecretId: process.env["HELLOJOHN_DATABASE_SECRET_ID"] }),
  );
  const client = new Client({ connectionString: SecretString, ssl: { rejectUnauthorized: true } });
  await client.connect();
  try {
    return (await client.query("select 1 as one")).rows;
  } finally {
    await client.end();
  }
}
