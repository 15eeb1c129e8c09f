// What the story is played on: a PostgreSQL, the function as it is deployed, CodeDeploy, the command line, and the end of
// all of them. Tells no story.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { unzipSync } from "fflate";
import { startServer } from "../src/embedded/server.ts";
import { type CodeDeploy, CREDENTIALS, startCodeDeploy } from "../test/support/deploy-services.ts";
import { type Lambda, startLambda } from "../test/support/lambda-runtime.ts";
import { packageFunction } from "../test/support/packaged-function.ts";
import { startPlainSandbox } from "./function-sandbox.ts";

/** What a command printed, with its colours. */
export interface Finished {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

/** All that runs until `close()`. */
export interface Stage {
  readonly databaseUrl: string;
  readonly codedeploy: CodeDeploy;
  /** HelloJohn's migrations of these versions, in a directory. Its name, for `hj`. */
  olderMigrations(versions: readonly string[]): Promise<string>;
  /** The function as `npm run build` made it. `onLog` is told each line as it is written. */
  deployBuilt(name: string, onLog: (line: string) => void): Promise<Lambda>;
  /** The function with HelloJohn's migrations and these files besides. */
  deployWith(files: Readonly<Record<string, string>>, name: string, onLog: (line: string) => void): Promise<Lambda>;
  /** How often PostgreSQL has logged this. */
  countInServerLog(text: string): Promise<number>;
  /** Runs the built command line. It is to find the function there, where one is given, else the database. */
  hj(args: readonly string[], lambda?: Lambda): Promise<Finished>;
  /** Ends it with the stage. What is still starting is awaited first. */
  keep<T>(starting: Promise<T>, end: (started: T) => Promise<unknown>): Promise<T>;
  close(): Promise<void>;
}

const ROOT = join(import.meta.dirname, "..");
const MIGRATIONS = join(ROOT, "migrations");

/** Starts them, or ends what did start. `closes` is told how to end what is there before all of it is. */
export async function openStage(withColours: boolean, closes: (close: () => Promise<void>) => void): Promise<Stage> {
  const endings: (() => Promise<unknown>)[] = [];
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= endAll(endings);
    return closed;
  };
  closes(close);
  const keep: Stage["keep"] = (starting, end) => {
    endings.push(() => starting.then(end, () => undefined));
    return starting;
  };

  const directory = await keep(mkdtemp(join(tmpdir(), "hj-demo-")), (path) => rm(path, { recursive: true }));
  // Open to the server's account, which for root is another one.
  await chmod(directory, 0o755);
  const server = await keep(startServer({ dataDirectory: join(directory, "data"), durable: false }), ({ stop }) =>
    stop(),
  );
  const codedeploy = await keep(startCodeDeploy(), (api) => api.stop());

  function deploy(bundle: string, functionName: string, onLog: (line: string) => void): Promise<Lambda> {
    const env = {
      ...CREDENTIALS,
      HELLOJOHN_DATABASE_URL: server.url,
      AWS_ENDPOINT_URL_CODEDEPLOY: codedeploy.endpointUrl,
    };
    const start: NonNullable<Parameters<typeof startLambda>[0]["start"]> = (settings) =>
      startPlainSandbox(settings, onLog);
    return keep(startLambda({ bundle, env, functionName, timeoutMs: 60_000, start }), (lambda) => lambda.stop());
  }

  return {
    databaseUrl: server.url,
    codedeploy,
    keep,
    close,
    olderMigrations: async (versions) => {
      const older = "version-1";
      await mkdir(join(directory, older));
      for (const [file, sql] of Object.entries(await migrationFiles()))
        if (versions.some((version) => file.startsWith(version))) await writeFile(join(directory, older, file), sql);
      return older;
    },
    countInServerLog: async (text) => {
      const log = await readFile(join(server.dataDirectory, "server.log"), "utf8");
      return log.split(text).length - 1;
    },
    deployBuilt: async (name, onLog) => {
      const taskRoot = join(directory, "function");
      await mkdir(taskRoot);
      for (const [file, content] of Object.entries(unzipSync(await readFile(join(ROOT, "dist", "function.zip")))))
        await writeInto(taskRoot, file, content);
      return deploy(join(taskRoot, "index.cjs"), name, onLog);
    },
    deployWith: async (files, name, onLog) => {
      const packaging = packageFunction({ ...(await migrationFiles()), ...files });
      const { bundle } = await keep(packaging, (packaged) => packaged.remove());
      return deploy(bundle, name, onLog);
    },
    hj: (args, lambda) => {
      const where =
        lambda === undefined
          ? { HELLOJOHN_DATABASE_URL: server.url }
          : { ...CREDENTIALS, AWS_ENDPOINT_URL_LAMBDA: lambda.endpointUrl };
      const env = { HOME: directory, ...where, ...(withColours ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" }) };
      const child = spawn(process.execPath, [join(ROOT, "dist", "hj.mjs"), ...args], {
        cwd: directory,
        env,
        stdio: ["ignore", "pipe", "pipe"],
      });
      const closed = once(child, "close");
      const finished = Promise.all([text(child.stdout), text(child.stderr), closed]).then(
        ([stdout, stderr, [exitCode]]) => ({ stdout, stderr, exitCode }),
      );
      endings.push(async () => {
        child.kill("SIGKILL");
        await finished;
      });
      return finished;
    },
  };
}

/** Backwards: what stands on something ends before it. One that fails does not keep the others. */
async function endAll(endings: readonly (() => Promise<unknown>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const end of endings.toReversed()) await end().catch((error) => errors.push(error));
  if (errors.length > 0) throw errors[0];
}

/** A zip names files in folders that it does not name. */
async function writeInto(directory: string, file: string, content: Uint8Array): Promise<void> {
  await mkdir(dirname(join(directory, file)), { recursive: true });
  await writeFile(join(directory, file), content);
}

async function migrationFiles(): Promise<Record<string, string>> {
  const files = (await readdir(MIGRATIONS)).sort();
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, await readFile(join(MIGRATIONS, file), "utf8")])),
  );
}
