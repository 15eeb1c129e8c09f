// A process for the demo's function, without AWS's runtime client, which `npm ci` does not bring: the log is passed on
// line by line as it is written. Knows nothing of the Invoke API or of what the function does.
import { fork } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Answer, Invocation } from "../test/support/lambda-runtime-api.ts";
import type { Sandbox, SandboxSettings } from "../test/support/lambda-sandbox.ts";

/** One event on its way to the process; `deadlineAt` is in milliseconds of the Unix epoch. */
export interface Job extends Invocation {
  readonly deadlineAt: number;
}

/** What the process makes of it. */
export type Result = Answer;

/** For `startLambda`. The handler's file is `index.cjs` in the task root, and the environment holds `env` alone. */
export async function startPlainSandbox(settings: SandboxSettings, onLog: (line: string) => void): Promise<Sandbox> {
  const program = new URL("function-process.ts", import.meta.url);
  const child = fork(program, [`${settings.taskRoot}/index.cjs`], {
    cwd: settings.taskRoot,
    env: settings.env as NodeJS.ProcessEnv,
    execPath: settings.nodePath,
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const exited = once(child, "exit");
  let output = "";
  let loggedAll = Promise.withResolvers<void>();
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
    if (line.startsWith("END RequestId: ")) return loggedAll.resolve();
    output += `${line}\n`;
    onLog(line);
  });
  const isRunning = () => child.exitCode === null && child.signalCode === null;

  async function run(invocation: Invocation, timeoutMs: number): Promise<Answer> {
    loggedAll = Promise.withResolvers();
    const answered = once(child, "message");
    child.send({ ...invocation, deadlineAt: Date.now() + timeoutMs } satisfies Job);
    const result = await Promise.race([answered, exited.then(() => null)]);
    if (result === null) throw new Error("The function's process ended in the middle of an invocation.");
    await loggedAll.promise;
    return result[0];
  }

  return {
    get isUsable() {
      return isRunning();
    },
    run,
    takeOutput() {
      const taken = output;
      output = "";
      return taken;
    },
    async stop() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
