// What an invocation loads: AWS's clients cost more time than all else, and each is there for those who need it.
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { EXPLAINED_FAILURES } from "../../src/failure/explained-failures.ts";
import { EXPLAINED_PROBLEMS } from "../../src/failure/explained-problems.ts";
import { RULES } from "../../src/hazards/rules.ts";
import { bundledCode, CLI, FUNCTION_BUNDLE, ROOT } from "../support/built-product.ts";
import { callerEvent } from "../support/caller-events.ts";
import { createTestDatabase, postgresVersions, type TestDatabase } from "../support/database.ts";
import { withDirectory } from "../support/generated-directory.ts";
import { packagesIn, runAndList } from "../support/loaded-files.ts";
import { startSecretsManager } from "../support/secrets-manager.ts";

const execute = promisify(execFile);

const INVOKE = `require(process.argv[1]).handler(JSON.parse(process.argv[2]), {
  awsRequestId: "00000000-0000-4000-8000-000000000000",
  invokedFunctionArn: "arn:aws:lambda:eu-west-1:123456789012:function:f",
  getRemainingTimeInMillis: () => 3_000,
}).catch(() => {})`;

/** Prints the names of Node's own modules that were not there when the function was loaded, before anything from outside was heard of. */
const LOADED_BY_THE_FIRST = `const { handler } = require(process.argv[1]);
setImmediate(async () => {
  const before = new Set(process.moduleLoadList);
  await handler({ command: "run" }, { awsRequestId: "1", getRemainingTimeInMillis: () => 60_000 });
  console.log(JSON.stringify(process.moduleLoadList.filter((name) => !before.has(name))));
})`;

/** Prints how often the function had written before anything from outside was heard of. Its warm-up ends by writing, once, nothing. */
const OVER_BY_THE_FIRST = `let writes = 0;
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = (...args) => { writes++; return write(...args); };
require(process.argv[1]);
setImmediate(() => console.error(writes));`;

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase((postgresVersions.at(-1) as { url: string }).url);
  return () => database.drop();
});

function invoke(event: unknown, env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  return runAndList(["-e", INVOKE, FUNCTION_BUNDLE, JSON.stringify(event)], env);
}

/** The parts of the bundle that only some invocations need, without what they have in common. */
function loaded(urls: readonly string[]): readonly string[] {
  const parts = urls.flatMap((url) => /\/parts\/([a-z-]+)-[0-9A-Z]{8}\.cjs$/.exec(url)?.[1] ?? []);
  return parts.filter((part) => part !== "chunk" && part !== "dist-es").sort();
}

describe("the function loads", () => {
  test("no client of AWS for a database that it has the URL of", async () => {
    const urls = await invoke({ command: "status" }, { HELLOJOHN_DATABASE_URL: database.url });
    expect(urls).toContain(pathToFileURL(FUNCTION_BUNDLE).href);
    expect(loaded(urls)).toEqual([]);
  });

  test("the client for secrets, and no other, for a database in a secret", async () => {
    const secrets = await startSecretsManager();
    onTestFinished(() => secrets.stop());
    secrets.create("db", database.url);
    const env = { ...secrets.environment, HELLOJOHN_DATABASE_SECRET_ID: "db" };
    const urls = await invoke({ command: "run", dryRun: true }, env);
    expect(loaded(urls)).toEqual(["secrets-client"]);
    // What V8 has to read before there is an answer, in bytes; it was 1,150,000 when the function was one file.
    const files = urls.filter((url) => url.startsWith("file:")).map((url) => fileURLToPath(url));
    const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(600_000);
    expect(secrets.calls).toHaveLength(1);
  });

  test("that client before its first invocation, while Lambda gives it two processors", async () => {
    const env = { HELLOJOHN_DATABASE_SECRET_ID: "db" };
    expect(loaded(await runAndList(["-e", "require(process.argv[1])", FUNCTION_BUNDLE], env))).toEqual([
      "secrets-client",
    ]);
  });

  test("before its first invocation, and without a word, whatever Node has for one that finds nothing to do", async () => {
    const env = { ...process.env, HELLOJOHN_DATABASE_URL: database.url };
    await execute(process.execPath, [CLI, "migrations", "run"], { env });
    const { stdout, stderr } = await execute(process.execPath, ["-e", LOADED_BY_THE_FIRST, FUNCTION_BUNDLE], { env });
    const [loaded, ...lines] = stdout.trimEnd().split("\n").reverse();
    expect(JSON.parse(loaded ?? "")).toEqual([]);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ outcome: "up_to_date" }]);
    expect(stderr).toBe("");
  });

  test("has served one that nobody asked for when the first can come", async () => {
    const env = { ...process.env, HELLOJOHN_DATABASE_URL: database.url };
    expect(await execute(process.execPath, ["-e", OVER_BY_THE_FIRST, FUNCTION_BUNDLE], { env })).toEqual({
      stdout: "",
      stderr: "1\n",
    });
  });

  test("the signer for IAM authentication", async () => {
    const env = {
      HELLOJOHN_DATABASE_URL: database.url,
      HELLOJOHN_DATABASE_AUTH: "iam",
      AWS_REGION: "eu-west-1",
      AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
      AWS_SECRET_ACCESS_KEY: "none",
    };
    expect(loaded(await invoke({ command: "status" }, env))).toEqual(["iam-token"]);
  });

  test.each([["codedeploy"], ["codepipeline"]] as const)(
    "the client for the answer to %s, and no other",
    async (caller) => {
      const env = {
        HELLOJOHN_DATABASE_URL: database.url,
        HELLOJOHN_HOOK_COMMAND: "status",
        AWS_ENDPOINT_URL: "http://127.0.0.1:9",
        AWS_REGION: "eu-west-1",
        AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
        AWS_SECRET_ACCESS_KEY: "none",
      };
      expect(loaded(await invoke(callerEvent(caller), env))).toEqual([caller]);
    },
  );
});

test("the function's zip stays below what was set for it, with Amazon's certificates and the snapshots in it", async () => {
  expect((await stat(join(ROOT, "dist", "function.zip"))).size).toBeLessThanOrEqual(350_000);
  const code = await bundledCode();
  expect(code).toContain("-----BEGIN CERTIFICATE-----");
  expect(code).toContain("idx_hj_session_user_id_active");
});

test("the function holds no text of any rule, and no parser: what they found is in its manifest", async () => {
  const bundle = await bundledCode();
  const texts = RULES.flatMap(({ title, why, instead }) => [title, why, instead]);
  expect(texts.filter((text) => bundle.includes(text))).toEqual([]);
  expect(bundle).not.toContain("libpg-query");
  // The same look finds a text that is there.
  expect(bundle).toContain("was edited after it was");
});

test("the function holds no explanation of a code: those are for the documents", async () => {
  const bundle = await bundledCode();
  const rows = [...Object.values(EXPLAINED_FAILURES), ...Object.values(EXPLAINED_PROBLEMS)];
  const texts = rows.flatMap(({ meaning, cause, remedy }) => [meaning, cause, remedy]);
  expect(texts.length).toBeGreaterThan(150);
  expect(texts.filter((text) => bundle.includes(text))).toEqual([]);
  // The codes themselves are there.
  expect(bundle).toContain("LOCK_NOT_ACQUIRED");
});

test("the function and the command line prove a password at once, and hold none of pg's Web Crypto", async () => {
  const parts = (await readdir(join(dirname(CLI), "hj"))).map((file) => join(dirname(CLI), "hj", file));
  const commandLine = (await Promise.all([CLI, ...parts].map((file) => readFile(file, "utf8")))).join("\n");
  for (const code of [await bundledCode(), commandLine]) {
    expect({ web: code.includes("deriveBits"), own: code.includes("pbkdf2Sync") }).toEqual({ web: false, own: true });
  }
});

test("the command line finds no package but the parser, and that for a directory only", async () => {
  const outside = async (...args: string[]) => {
    const urls = await runAndList([CLI, "migrations", "list", ...args], { HELLOJOHN_DATABASE_URL: database.url });
    return packagesIn(urls.filter((url) => url.includes("/node_modules/")));
  };
  expect(await outside()).toEqual(new Set());
  await withDirectory({ "0001_a.sql": "create table a ();\n" }, async (directory) => {
    expect(await outside("--dir", directory)).toEqual(new Set(["libpg-query", "@pgsql/types"]));
  });
});

describe("the page of a report", () => {
  /** What a browser is told by every page. */
  const page = "Content-Security-Policy";

  async function chunksWithPage(args: readonly string[]): Promise<number> {
    const urls = await runAndList([CLI, "migrations", "list", ...args], { HELLOJOHN_DATABASE_URL: database.url });
    const own = urls.filter((url) => url.startsWith("file:") && url.includes("/dist/"));
    const texts = await Promise.all(own.map((url) => readFile(fileURLToPath(url), "utf8")));
    return texts.filter((text) => text.includes(page)).length;
  }

  test("is made by no function", async () => {
    expect(await bundledCode()).not.toContain(page);
  });

  test("is loaded by the command line only where one is wanted", async () => {
    const directory = await mkdtemp(join(tmpdir(), "hj-page-"));
    onTestFinished(() => rm(directory, { recursive: true }));
    expect(await chunksWithPage([])).toBe(0);
    expect(await chunksWithPage(["--html", join(directory, "page.html")])).toBe(1);
  });
});

test("a command that parses SQL has V8 optimise no part of the parser: a process could not end before that is done", async () => {
  const sql = "create table once (id int);\ncreate index once_id on once (id);\n".repeat(2_000);
  await withDirectory({ "0001_once.sql": sql }, async (directory) => {
    const args = ["--trace-wasm-compilation-times", CLI, "migrations", "list", "--dir", directory];
    const { stdout } = await execute(process.execPath, args, { env: { HELLOJOHN_DATABASE_URL: database.url } });
    expect(stdout).toMatch(/^0001_once +pending/m);
    expect(stdout).toContain("using Liftoff");
    expect(stdout).not.toContain("using TurboFan");
  });
});
