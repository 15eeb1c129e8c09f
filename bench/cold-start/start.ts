// One cold start: a new process under AWS's runtime client, from its start to the answer to its first event. Linux only:
// CPU time and peak memory are read from /proc while the process waits for the next event.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { dirname, parse } from "node:path";
import { openRuntimeApi } from "../../test/support/lambda-runtime-api.ts";
import { installRuntimeClient } from "../../test/support/lambda-runtime-client.ts";

/** A bundle and how it is started. */
export interface Function {
  readonly bundle: string;
  readonly env: Readonly<Record<string, string>>;
  readonly nodePath: string;
  readonly event: unknown;
}

/** Wall clock from the start of the process; CPU of all its threads, user and system; memory as the kernel's high-water mark. */
export interface ColdStart {
  /** Until it asks for its first event: Node, the runtime client and the function's module. */
  readonly loadedMs: number;
  /** Until its answer was posted. */
  readonly answeredMs: number;
  readonly cpuMs: number;
  readonly peakMb: number;
  readonly answer: string;
}

/** Rejects where the function answers with an error. */
export async function coldStart({ bundle, env, nodePath, event }: Function): Promise<ColdStart> {
  const client = await installRuntimeClient();
  const asked: PromiseWithResolvers<number>[] = [Promise.withResolvers(), Promise.withResolvers()];
  let turn = 0;
  const api = await openRuntimeApi((deliver) => {
    asked[turn]?.resolve(performance.now());
    if (turn === 0) deliver({ ...INVOCATION, event: JSON.stringify(event) }, Date.now() + 60_000);
    turn += 1;
  });
  const startedAt = performance.now();
  const child = spawn(nodePath, ["--require", client.preload, client.entry], {
    cwd: dirname(bundle),
    env: {
      ...LAMBDA,
      ...env,
      LAMBDA_TASK_ROOT: dirname(bundle),
      _HANDLER: `${parse(bundle).name}.handler`,
      AWS_LAMBDA_RUNTIME_API: api.address,
    },
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  try {
    const ended = new Promise<never>((_, reject) => {
      child.once("exit", (code) => reject(new Error(`${bundle} ended with ${code}`)));
      child.once("error", reject);
    });
    const loadedAt = await Promise.race([asked[0]?.promise ?? ended, ended]);
    const answeredAt = await Promise.race([asked[1]?.promise ?? ended, ended]);
    const used = await usageOf(child);
    const answer = api.takeAnswer();
    if (answer === null || answer.isError) throw new Error(`${bundle} failed: ${answer?.body}`);
    ended.catch(() => {});
    return { loadedMs: loadedAt - startedAt, answeredMs: answeredAt - startedAt, ...used, answer: answer.body };
  } finally {
    // The lifeline of the preload: the process ends when it closes, and may write a profile before.
    child.stdio[3]?.destroy();
    await once(child, "exit");
    await api.close();
  }
}

async function usageOf({ pid }: ChildProcess): Promise<Pick<ColdStart, "cpuMs" | "peakMb">> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const threads = await readdir(`/proc/${pid}/task`);
  // Nanoseconds on a CPU, https://docs.kernel.org/scheduler/sched-stats.html; the ticks in /proc/PID/stat are too coarse.
  const times = threads.map(async (id) =>
    Number((await readFile(`/proc/${pid}/task/${id}/schedstat`, "utf8")).split(" ")[0]),
  );
  const nanoseconds = (await Promise.all(times)).reduce((sum, next) => sum + next, 0);
  return { cpuMs: nanoseconds / 1e6, peakMb: Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024 };
}

const INVOCATION = {
  requestId: "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
  functionArn: "arn:aws:lambda:eu-west-1:123456789012:function:hellojohn-migration-hook",
};

const LAMBDA = {
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512",
  AWS_LAMBDA_FUNCTION_NAME: "hellojohn-migration-hook",
  AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
  AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/hellojohn-migration-hook",
  AWS_LAMBDA_LOG_STREAM_NAME: "stream",
  AWS_REGION: "eu-west-1",
  LANG: "en_US.UTF-8",
  TZ: ":UTC",
};
