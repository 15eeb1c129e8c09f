// The demo as `npm run demo` plays it: that the story is told to its end, and that nothing of it is left, however it ends.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { ROOT } from "../support/built-product.ts";

/** It takes half a minute; the rest is for a machine that has much else to do. */
const STORY_LIMIT_MS = 600_000;

interface Demo {
  readonly child: ChildProcess;
  /** Everything that it starts has this in its arguments. */
  readonly directory: string;
  output(): string;
  errors(): string;
  readonly exitCode: Promise<number | null>;
}

/** With a temporary directory of its own, by which what it leaves is told from what is others'. */
async function startDemo(): Promise<Demo> {
  const directory = await mkdtemp(join(tmpdir(), "demo-test-"));
  // PostgreSQL's account has to get in, where this is root.
  await chmod(directory, 0o755);
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const env = { PATH: process.env["PATH"] ?? "", TMPDIR: directory };
  const child = spawn(process.execPath, [join(ROOT, "demo", "main.ts")], { env, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  let [output, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const exitCode = once(child, "close").then(([code]) => code);
  return { child, directory, output: () => output, errors: () => errors, exitCode };
}

/** Process ids by the command that has the demo's directory in it. */
async function processesOf({ directory }: Demo, command = ""): Promise<number[]> {
  const { stdout } = await promisify(execFile)("ps", ["-eo", "pid=,args="]);
  const lines = stdout.split("\n").filter((line) => line.includes(directory) && line.includes(command));
  return lines.map((line) => Number.parseInt(line, 10));
}

/** The programs of PostgreSQL may stay, where they had to be copied for its account. */
async function filesOf({ directory }: Demo): Promise<string[]> {
  return (await readdir(directory)).filter((name) => !name.startsWith("hj-postgres-"));
}

async function expectNothingLeft(demo: Demo): Promise<void> {
  await expect.poll(() => processesOf(demo)).toEqual([]);
  expect(await filesOf(demo)).toEqual([]);
}

test("the demo tells the whole story, in plain text where nobody watches, and leaves nothing", {
  timeout: STORY_LIMIT_MS,
}, async () => {
  const demo = await startDemo();
  expect(await demo.exitCode, demo.errors()).toBe(0);
  const output = demo.output();
  const steps = [...output.matchAll(/^ \d {2}(?<title>.+?) ─+$/gm)].map((match) => match.groups?.["title"]);
  expect(steps).toEqual([
    "Before the deploy",
    "What would the deploy do?",
    "The deploy, and somebody in its way",
    "Is it all there?",
    "A deploy that fails",
    "Rollback",
  ]);
  for (const line of [
    /│ Pending migrations: 2$/m,
    /│ {5}locks hj_session against everything \(ACCESS EXCLUSIVE\)/,
    /^ {2}log +20240601_002: waits for pid \d+\s+\(nightly-report\), idle in transaction since/m,
    /^ {2}app +served +\d+ in this second.+lock time-outs so far: [2-9]\)$/m,
    /^ {2}CodeDeploy +is told by PutLifecycleEventHookExecutionStatus: d-VERSION2, Succeeded$/m,
    /│ ✅ Schema validation passed$/m,
    /^ {2}log +20240701_002_session_lifetime_validated failed and was rolled back at$/m,
    /^ {2}CodeDeploy +is told by PutLifecycleEventHookExecutionStatus: d-VERSION3, Failed$/m,
    /│ Rollback complete. Schema version: 20240601_002$/m,
    /^ {4}requests served +[\d,]+$/m,
    /^ {4}errors +0$/m,
  ]) {
    expect(output).toMatch(line);
  }
  expect(output).not.toContain("\u001b");
  expect(demo.errors()).toBe("");
  await expectNothingLeft(demo);
});

test("Ctrl-C in the middle of the deploy ends everything that the demo started", {
  timeout: STORY_LIMIT_MS,
}, async () => {
  const demo = await startDemo();
  await expect.poll(demo.output, { timeout: STORY_LIMIT_MS }).toContain("lock time-outs so far");
  expect(await processesOf(demo)).not.toEqual([]);
  demo.child.kill("SIGINT");
  expect(await demo.exitCode).toBe(130);
  expect(demo.errors().trim()).toBe("Ending what the demo started ...");
  await expectNothingLeft(demo);
});

test("a demo that loses its database says so, fails, and leaves nothing", { timeout: STORY_LIMIT_MS }, async () => {
  const demo = await startDemo();
  await expect.poll(demo.output, { timeout: STORY_LIMIT_MS }).toContain("requests a second");
  const [postgres = 0] = await processesOf(demo, "bin/postgres -D");
  process.kill(postgres, "SIGKILL");
  expect(await demo.exitCode).toBe(1);
  expect(demo.errors()).toContain("The demo did not end as it is told: ");
  await expectNothingLeft(demo);
});
