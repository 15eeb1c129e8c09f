// The story of the demo, step by step, and how each step has to end. How things are started and printed is not here.
import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { type ApplicationLoad, startLongReader } from "../test/support/application-load.ts";
import type { Lambda } from "../test/support/lambda-runtime.ts";
import { waitFigures } from "../test/support/wait-figures.ts";
import { feeling, fillTables, LOAD, startApplication, USERS, VERSION_1 } from "./application.ts";
import type { Narrator } from "./narrator.ts";
import type { Stage } from "./stage.ts";

const FUNCTION = "hellojohn-migrate";
const READER = "nightly-report";
const TICK_MS = 1_000;
/** So often the reader is seen to win before it goes. */
const LOCK_TIMEOUTS = 2;

/** Fails at the first step that does not end as it is told. */
export async function play(stage: Stage, narrator: Narrator): Promise<void> {
  const hj = (args: string, says: RegExp, lambda?: Lambda) => runCommand(stage, narrator, { args, says, lambda });

  narrator.step("Before the deploy", "Version 1 of HelloJohn is in production. Its five migrations came with it.");
  await hj(`migrations run --dir ${await stage.olderMigrations(VERSION_1)}`, /Schema version: 20240501_001$/);
  await fillTables(stage.databaseUrl);
  const log = createLog(narrator);
  // Before there are requests: to package is work for this process, which they would be seen to wait for.
  const version3 = await stage.deployWith(await version3Files(), FUNCTION, (line) => log.onLine(line));
  const application = await stage.keep(startApplication(stage.databaseUrl), (load) => load.stop());
  const servedFrom = performance.now();
  narrator.event(
    "app",
    `${USERS.toLocaleString("en")} users, ${LOAD.sessions} connections, ${LOAD.perSecond} requests a second, from here to the end`,
  );

  narrator.step(
    "What would the deploy do?",
    "Version 2 brings two migrations. The function that has them is asked, and changes nothing.",
  );
  const version2 = await stage.deployBuilt(FUNCTION, (line) => log.onLine(line));
  await hj(`migrations status --function ${FUNCTION}`, /^Pending migrations: 2$/m, version2);
  await hj(`migrations run --dry-run --function ${FUNCTION}`, /locks hj_session against everything/, version2);

  narrator.step(
    "The deploy, and somebody in its way",
    `CodeDeploy calls the function before version 2 takes traffic. A session called ${READER} has read hj_session and left its transaction open: nobody can alter the table. The migration gives way after each lock time-out and comes back, so that the application does not queue behind it.`,
  );
  const reader = await stage.keep(startLongReader(stage.databaseUrl, "hj_session", READER), ({ end }) => end());
  const readerBegan = performance.now();
  const deploy = startDeploy(narrator, version2, "d-VERSION2", log);
  const isInTheWay = async () =>
    !log.has(`(${READER})`) ||
    (await stage.countInServerLog("canceling statement due to lock timeout")) < LOCK_TIMEOUTS;
  while (await isInTheWay()) {
    if ((await Promise.race([deploy.ended, delay(TICK_MS)])) !== undefined)
      throw new Error("the deploy ended although its way was not free");
    await showApplication(stage, narrator, application);
  }
  await reader.end();
  const heldMs = performance.now() - readerBegan;
  narrator.event(READER, `ends its transaction, after ${seconds(heldMs)}`);
  await expectAnswer(stage, narrator, await deploy.ended, "Succeeded");
  await showApplication(stage, narrator, application);

  narrator.step("Is it all there?", "The live schema is held against what the migrations make of an empty PostgreSQL.");
  await hj(`migrations validate --function ${FUNCTION}`, /Schema validation passed/, version2);

  narrator.step(
    "A deploy that fails",
    "Version 3 wants every session to end after it began. One that was imported years ago does not, which no test could know.",
  );
  const failing = startDeploy(narrator, version3, "d-VERSION3", log);
  await expectAnswer(stage, narrator, await failing.ended, "Failed");
  await hj(
    `migrations status --function ${FUNCTION}`,
    /PENDING {2}20240701_002_session_lifetime_validated$/m,
    version3,
  );

  narrator.step(
    "Rollback",
    "CodeDeploy leaves version 2 in place. Its function takes back what version 3's had applied, with the script that the journal kept of it.",
  );
  await hj(`migrations rollback --function ${FUNCTION}`, /Rollback complete. Schema version: 20240601_002$/m, version2);

  const span = { from: servedFrom, until: performance.now() };
  const { transactions, longestMs, longestFeltMs } = waitFigures(await application.stop(), span);
  narrator.summary([
    ["requests served", transactions.toLocaleString("en")],
    ["errors", "0"],
    ["longest request", `${seconds(longestMs)}, while the table was kept from the migration for ${seconds(heldMs)}`],
    ["with its queue", seconds(longestFeltMs)],
  ]);
}

interface Typed {
  readonly args: string;
  readonly says: RegExp;
  readonly lambda: Lambda | undefined;
}

async function runCommand(stage: Stage, narrator: Narrator, { args, says, lambda }: Typed): Promise<void> {
  narrator.command(`hj ${args}`);
  const { stdout, stderr, exitCode } = await stage.hj(args.split(" "), lambda);
  narrator.output(stdout.trimEnd());
  if (exitCode !== 0) throw new Error(`hj ${args} exited with ${exitCode}: ${stderr}`);
  if (!says.test(stripVTControlCharacters(stdout).trimEnd())) throw new Error(`hj ${args} does not say ${says}`);
}

/** The function's log, as far as people read it: the messages. Those of what `hj` asks for are not shown: hj prints it. */
function createLog(narrator: Narrator) {
  const messages: string[] = [];
  return {
    isShown: false,
    onLine(line: string) {
      const { message } = JSON.parse(line) as { message: string };
      messages.push(message);
      if (this.isShown) narrator.event("log", message);
    },
    has: (text: string) => messages.some((message) => message.includes(text)),
  };
}

interface Deploy {
  readonly deploymentId: string;
  readonly payload: unknown;
}

/** What CodeDeploy does in its hook; `ended` once the function has returned. */
function startDeploy(narrator: Narrator, lambda: Lambda, deploymentId: string, log: { isShown: boolean }) {
  narrator.event("CodeDeploy", `invokes ${FUNCTION} for deployment ${deploymentId}`);
  log.isShown = true;
  const event = { DeploymentId: deploymentId, LifecycleEventHookExecutionId: randomUUID() };
  const ended = lambda.invoke(event).then(({ payload }): Deploy => {
    log.isShown = false;
    return { deploymentId, payload };
  });
  // Heard of where it is awaited, which may come later.
  ended.catch(() => {});
  return { ended };
}

async function expectAnswer(
  { codedeploy }: Stage,
  narrator: Narrator,
  { deploymentId, payload }: Deploy,
  wanted: "Succeeded" | "Failed",
): Promise<void> {
  const call = codedeploy.calls.at(-1);
  const { deploymentId: answered, status } = (call?.input ?? {}) as { deploymentId?: string; status?: string };
  narrator.event("CodeDeploy", `is told by ${call?.operation}: ${answered}, ${status}`);
  if (answered !== deploymentId || status !== wanted || codedeploy.violations.length > 0)
    throw new Error(`CodeDeploy was to be told ${wanted} of ${deploymentId}: ${JSON.stringify({ call, payload })}`);
}

async function showApplication(stage: Stage, narrator: Narrator, application: ApplicationLoad): Promise<void> {
  const { served, waiting, longestMs } = feeling(application, TICK_MS);
  const timeouts = await stage.countInServerLog("canceling statement due to lock timeout");
  narrator.event(
    "app",
    `served ${String(served).padStart(3)} in this second, ${String(waiting).padStart(2)} wait, longest ${seconds(longestMs)}   (lock time-outs so far: ${timeouts})`,
  );
}

async function version3Files(): Promise<Record<string, string>> {
  const folder = join(import.meta.dirname, "version-3");
  const files = await readdir(folder);
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, await readFile(join(folder, file), "utf8")])),
  );
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}
