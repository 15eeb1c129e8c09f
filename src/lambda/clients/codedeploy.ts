// The client of CodeDeploy. Named imports, so that a bundle holds one command of it and not all: only a dynamic import
// of this file may load it.
import { CodeDeployClient, PutLifecycleEventHookExecutionStatusCommand } from "@aws-sdk/client-codedeploy";
import type { LifecycleStatus } from "../trigger.ts";
import { ONCE } from "./once.ts";

/** Throws the SDK's error. */
export async function putLifecycleStatus(input: LifecycleStatus, abortSignal: AbortSignal): Promise<void> {
  await new CodeDeployClient(ONCE).send(new PutLifecycleEventHookExecutionStatusCommand(input), { abortSignal });
}
