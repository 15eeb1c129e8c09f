// What an invocation loads: AWS's clients cost more time than all else, and each is there for those who need it.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { RULES } from "../../src/hazards/rules.ts";
import { CLI, FUNCTION_BUNDLE } from "../support/built-product.ts";
import { callerEvent } from "../support/caller-events.ts";
import { createTestDatabase, postgresVersions, type TestDatabase } from "../support/database.ts";
import { type Executed, runCovered } from "../support/executed-code.ts";
import { startSecretsManager } from "../support/secrets-manager.ts";

/** A text that only this part of the bundle has. */
const PARTS = {
  "Secrets Manager": "com.amazonaws.secretsmanager",
  CodeDeploy: "com.amazonaws.codedeploy",
  CodePipeline: "com.amazonaws.codepipeline",
  Lambda: "com.amazonaws.lambda",
  // Where its class begins: what is inside of one runs when it is used, and it is loaded before that.
  "the signer of tokens": "{credentials;hostname;port;protocol=",
  "Amazon's certificates": "-----BEGIN CERTIFICATE-----",
} as const;

const INVOKE = `require(process.argv[1]).handler(JSON.parse(process.argv[2]), {
  awsRequestId: "00000000-0000-4000-8000-000000000000",
  invokedFunctionArn: "arn:aws:lambda:eu-west-1:123456789012:function:f",
  getRemainingTimeInMillis: () => 3_000,
}).catch(() => {})`;

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase((postgresVersions.at(-1) as { url: string }).url);
  return () => database.drop();
});

function invoke(event: unknown, env: Readonly<Record<string, string>>): Promise<Executed> {
  return runCovered(["-e", INVOKE, FUNCTION_BUNDLE, JSON.stringify(event)], env);
}

async function loaded({ hasRun }: Executed): Promise<readonly string[]> {
  const parts: string[] = [];
  for (const [part, text] of Object.entries(PARTS)) if (await hasRun(FUNCTION_BUNDLE, text)) parts.push(part);
  return parts;
}

describe("the function loads", () => {
  test("no client of AWS for a database that it has the URL of", async () => {
    const executed = await invoke({ command: "status" }, { HELLOJOHN_DATABASE_URL: database.url });
    expect(await loaded(executed)).toEqual([]);
  });

  test("the client for secrets, and no other, for a database in a secret", async () => {
    const secrets = await startSecretsManager();
    onTestFinished(() => secrets.stop());
    secrets.create("db", database.url);
    const env = { ...secrets.environment, HELLOJOHN_DATABASE_SECRET_ID: "db" };
    expect(await loaded(await invoke({ command: "status" }, env))).toEqual(["Secrets Manager"]);
    expect(secrets.calls).toHaveLength(1);
  });

  test("the signer and the certificates for IAM authentication", async () => {
    const env = {
      HELLOJOHN_DATABASE_URL: database.url,
      HELLOJOHN_DATABASE_AUTH: "iam",
      AWS_REGION: "eu-west-1",
      AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
      AWS_SECRET_ACCESS_KEY: "none",
    };
    expect(await loaded(await invoke({ command: "status" }, env))).toEqual([
      "the signer of tokens",
      "Amazon's certificates",
    ]);
  });

  test.each([
    ["codedeploy", "CodeDeploy"],
    ["codepipeline", "CodePipeline"],
  ] as const)("the client for the answer to %s, and no other", async (caller, part) => {
    const env = {
      HELLOJOHN_DATABASE_URL: database.url,
      HELLOJOHN_HOOK_COMMAND: "status",
      AWS_ENDPOINT_URL: "http://127.0.0.1:9",
      AWS_REGION: "eu-west-1",
      AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
      AWS_SECRET_ACCESS_KEY: "none",
    };
    expect(await loaded(await invoke(callerEvent(caller), env))).toEqual([part]);
  });
});

test("the function holds no text of any rule, and no parser: what they found is in its manifest", async () => {
  const bundle = await readFile(FUNCTION_BUNDLE, "utf8");
  const texts = RULES.flatMap(({ title, why, instead }) => [title, why, instead]);
  expect(texts.filter((text) => bundle.includes(text))).toEqual([]);
  expect(bundle).not.toContain("libpg-query");
  // The same look finds a text that is there.
  expect(bundle).toContain("was edited after it was");
});

describe("the page of a report", () => {
  /** What a browser is told by every page. */
  const page = "Content-Security-Policy";

  async function chunksWithPage(args: readonly string[]): Promise<number> {
    const { urls } = await runCovered([CLI, "migrations", "list", ...args], { HELLOJOHN_DATABASE_URL: database.url });
    const own = urls.filter((url) => url.startsWith("file:") && url.includes("/dist/"));
    const texts = await Promise.all(own.map((url) => readFile(fileURLToPath(url), "utf8")));
    return texts.filter((text) => text.includes(page)).length;
  }

  test("is made by no function", async () => {
    expect(await readFile(FUNCTION_BUNDLE, "utf8")).not.toContain(page);
  });

  test("is loaded by the command line only where one is wanted", async () => {
    const directory = await mkdtemp(join(tmpdir(), "hj-page-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    expect(await chunksWithPage([])).toBe(0);
    expect(await chunksWithPage(["--html", join(directory, "page.html")])).toBe(1);
  });
});
