// The built function as a deploy caller has it: able to invoke itself, with migrations that take their time. Knows no
// caller and no event.
import { onTestFinished } from "vitest";
import type { TestDatabase } from "./database.ts";
import { CREDENTIALS } from "./deploy-services.ts";
import { type Lambda, startLambda } from "./lambda-runtime.ts";

/** So many migrations of 0.25 s each, which fit into any invocation. */
export function slowMigrations(count: number): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => {
      const version = String(index + 1).padStart(4, "0");
      return [`${version}_m.up.sql`, `select pg_sleep(0.25); create table t_${version} (id int);`];
    }),
  );
}

/** The second of two fails. */
export const FAILING = { "0001_a.up.sql": "create table a (id int)", "0002_b.up.sql": "select usr_id from a" };

/** Runs until the test is over. `timeoutMs` is of each invocation; default 30 s. */
export async function startFunction(
  bundle: string,
  url: string,
  env: Readonly<Record<string, string>>,
  timeoutMs = 30_000,
): Promise<Lambda> {
  const environment: Record<string, string> = { ...CREDENTIALS, HELLOJOHN_DATABASE_URL: url, ...env };
  const lambda = await startLambda({ bundle, env: environment, timeoutMs });
  // Read when the process starts, with the first invocation.
  environment["AWS_ENDPOINT_URL_LAMBDA"] ??= lambda.endpointUrl;
  onTestFinished(() => lambda.stop());
  return lambda;
}

/** What each batch of the journal holds: two entries of one version would be a migration applied twice. */
export function batchesOf(
  database: TestDatabase,
): Promise<{ readonly batch: number; readonly versions: number; readonly entries: number }[]> {
  return database.query(
    "select batch, count(distinct version)::int as versions, count(*)::int as entries from hj_migration group by batch",
  );
}
