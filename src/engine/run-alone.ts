// Runs a statement that PostgreSQL refuses inside a transaction, and takes an interrupted one up again by looking at what
// it left. Kinds that leave something of their own have a file each.
import { setTimeout as sleep } from "node:timers/promises";
import type { Failure } from "../failure/failure.ts";
import { type Budget, retryPauseMs } from "./budget.ts";
import { buildIndex } from "./build-index.ts";
import { detachPartition } from "./detach-partition.ts";
import { execute, forget, type Position, RAN, type Ran, read } from "./execute-alone.ts";
import { failed, type StepOutcome } from "./explain-step.ts";
import { decodeNames, existingIndexesStatement } from "./index-state.ts";
import { isServerError } from "./message.ts";
import { reindex } from "./reindex.ts";
import type { Run } from "./run-context.ts";

/** What there is to record when it is through; else what the step came to. */
export async function runAlone(run: Run, position: Position, budget: Budget): Promise<StepOutcome | Ran> {
  const { statement, wasBegun } = position;
  switch (statement.kind) {
    case "create_index_concurrently":
      return buildIndex(run, position, statement, budget);
    case "reindex_concurrently":
      return reindex(run, position, statement.scope, budget);
    case "detach_partition_concurrently":
      return detachPartition(run, position, statement, budget);
    case "drop_index_concurrently": {
      if (wasBegun) {
        const existing = await read(run, position, budget, existingIndexesStatement(statement.indexes), decodeNames);
        if ("kind" in existing) return existing;
        if (existing.found.length === 0) return RAN;
      }
      return (await execute(run, position, budget)) ?? RAN;
    }
    case "alone":
      if (wasBegun && !statement.repeatable) return failed(cannotResume(position, statement.command), null, 1);
      return MAKES_WAIT.includes(statement.command)
        ? runInTurns(run, position, budget)
        : runOther(run, position, budget);
    case "ordinary":
      return runOther(run, position, budget);
  }
}

/** These lock tables against readers or writers: while they wait for one, everybody who comes later waits behind them. */
const MAKES_WAIT: readonly string[] = ["VACUUM FULL", "REINDEX", "CLUSTER"];

/** Tries again for as long as a table is not free, and lets others through between. */
async function runInTurns(run: Run, position: Position, budget: Budget): Promise<StepOutcome | Ran> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await execute(run, position, budget, { isBegun: true, attempt });
    if (outcome === null) return RAN;
    const isBusy = "failure" in outcome && outcome.failure?.code === "LOCK_TIMEOUT";
    const pauseMs = retryPauseMs(attempt, Math.random());
    if (!isBusy || performance.now() + pauseMs >= budget.endsAt) return outcome;
    run.context.onProgress({ kind: "migration_waits", version: position.step.version, attempts: attempt });
    await sleep(pauseMs, null, { signal: run.context.signal }).catch(() => {});
  }
}

async function runOther(run: Run, position: Position, budget: Budget): Promise<StepOutcome | Ran> {
  const outcome = await execute(run, position, budget);
  if (outcome === null) return RAN;
  // What the server found by itself took no effect, and may be tried again.
  if (outcome.kind === "failed" && isRefusal(outcome.cause)) await forget(run, position);
  return outcome;
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && isServerError(error) && error.code !== "57014";
}

function cannotResume({ step, index }: Position, command: string): Failure {
  const { version, script } = step;
  return {
    code: "CANNOT_RESUME",
    message: `an earlier run was interrupted at statement ${index + 1} of ${script.file} (${command}); whether it took effect cannot be read from the catalog`,
    hint: `Look whether it did, and say so with hj migrations resolve ${version} --as applied, or --as rolled_back.`,
    details: { version, file: script.file, statementNumber: index + 1 },
  };
}
