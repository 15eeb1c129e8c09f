// The image of the command line, built and run where there is a Docker engine: TEST_NODE_IMAGE names another base image,
// where the one of the Dockerfile cannot be had. On the host's network, because that is where the database is.
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmod } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { ROOT } from "../support/built-product.ts";
import { postgresVersions } from "../support/database.ts";
import { withDirectory } from "../support/generated-directory.ts";
import { advisoryLocksOf, engineSessionsOf, freshDatabase, journalOf } from "../support/workplace.ts";

const { url: serverUrl } = postgresVersions.at(-1) as { url: string };
const IMAGE = `hj-test-${randomUUID()}`;
/** Installs everything twice, from a registry. */
const BUILD_LIMIT_MS = 1_200_000;

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function docker(...args: readonly string[]): Promise<Ended> {
  try {
    const { stdout, stderr } = await promisify(execFile)("docker", args, { cwd: ROOT, maxBuffer: 2 ** 26 });
    return { exitCode: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout = "", stderr = String(error) } = error as { code?: unknown } & Partial<Ended>;
    return { exitCode: typeof code === "number" ? code : -1, stdout, stderr };
  }
}

/** As strict as a cluster may be: nothing can be written, and nothing is allowed. */
const STRICT = ["--network", "host", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];

const engine = await docker("info", "--format", "{{.ServerVersion}}");

describe.runIf(engine.exitCode === 0)("the image (needs a Docker engine)", () => {
  beforeAll(async () => {
    const base = process.env["TEST_NODE_IMAGE"];
    const args = base === undefined ? [] : ["--build-arg", `NODE_IMAGE=${base}`];
    const built = await docker("build", "--network", "host", ...args, "--tag", IMAGE, ".");
    if (built.exitCode !== 0) throw new Error(`${built.stdout}\n${built.stderr}`);
  }, BUILD_LIMIT_MS);
  afterAll(async () => {
    await docker("image", "rm", IMAGE);
  });

  test("applies HelloJohn's migrations as nobody in particular, on a file system that is read-only", async () => {
    const database = await freshDatabase(serverUrl);
    const run = ["run", "--rm", ...STRICT, "--env", `HELLOJOHN_DATABASE_URL=${database.url}`];
    const status = await docker(...run, IMAGE, "migrations", "status");
    expect(status).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("Pending migrations: 7") });
    const applied = await docker(...run, IMAGE, "migrations", "run");
    expect(applied).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("Migrations complete.") });
    expect(await journalOf(database)).toHaveLength(7);
    const valid = await docker(...run, IMAGE, "migrations", "validate");
    expect(valid).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("Schema validation passed") });
    const who = await docker("run", "--rm", ...STRICT, "--entrypoint", "id", IMAGE, "-u");
    expect(who.stdout.trim()).toBe("1000");
  });

  test("reads migrations of one's own from a directory that is mounted", async () => {
    const database = await freshDatabase(serverUrl);
    await withDirectory({ "0001_a.up.sql": "create table a (id int)" }, async (directory) => {
      await chmod(directory, 0o755);
      const mounted = ["--volume", `${directory}:/migrations:ro`, "--env", `HELLOJOHN_DATABASE_URL=${database.url}`];
      const applied = await docker(
        "run",
        "--rm",
        ...STRICT,
        ...mounted,
        IMAGE,
        "migrations",
        "run",
        "--dir",
        "/migrations",
      );
      expect(applied).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("Schema version: 0001") });
    });
  });

  test("a container that is stopped while a migration runs rolls it back, unlocks and reports", async () => {
    const database = await freshDatabase(serverUrl);
    await withDirectory({ "0001_slow.up.sql": "select pg_sleep(600)" }, async (directory) => {
      await chmod(directory, 0o755);
      const mounted = ["--volume", `${directory}:/migrations:ro`, "--env", `HELLOJOHN_DATABASE_URL=${database.url}`];
      const name = await started(...STRICT, ...mounted, IMAGE, "migrations", "run", "--dir", "/migrations");
      await expect
        .poll(async () => (await engineSessionsOf(database)).map(({ waits }) => waits), { timeout: 60_000 })
        .toContain("Timeout");
      await docker("stop", "-t", "120", name);
      const { stdout, stderr } = await docker("logs", name);
      expect(stdout).toContain("stopped on request");
      expect(stderr).toContain("Stopping: cancelling and rolling back ...");
      expect((await docker("wait", name)).stdout.trim()).toBe("1");
    });
    expect(await advisoryLocksOf(database)).toEqual([]);
  });

  test("a container that is stopped while it waits for its event ends at once", async () => {
    const name = await started("--interactive", ...STRICT, IMAGE, "invoke", "--event", "-");
    // Sent until it is heard: before Node has loaded hj, the kernel throws away what is sent to process 1.
    const state = async () => {
      await docker("kill", "--signal", "TERM", name);
      return (await docker("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", name)).stdout.trim();
    };
    await expect.poll(state, { timeout: 60_000 }).toBe("exited 143");
  });
});

/** In the background, until the test is over. */
async function started(...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await docker("run", "--detach", ...args);
  if (stdout === "") throw new Error(stderr);
  onTestFinished(async () => {
    await docker("rm", "--force", stdout.trim());
  });
  return stdout.trim();
}
