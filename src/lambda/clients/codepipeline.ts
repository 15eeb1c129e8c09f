// The client of CodePipeline. Named imports, so that a bundle holds two commands of it and not all: only a dynamic import
// of this file may load it.
import {
  CodePipelineClient,
  PutJobFailureResultCommand,
  PutJobSuccessResultCommand,
} from "@aws-sdk/client-codepipeline";
import type { JobFailure, JobSuccess } from "../trigger.ts";
import { ONCE } from "./once.ts";

/** Throws the SDK's error. */
export async function putJobSuccess(input: JobSuccess, abortSignal: AbortSignal): Promise<void> {
  await new CodePipelineClient(ONCE).send(new PutJobSuccessResultCommand(input), { abortSignal });
}

/** Throws the SDK's error. */
export async function putJobFailure(input: JobFailure, abortSignal: AbortSignal): Promise<void> {
  await new CodePipelineClient(ONCE).send(new PutJobFailureResultCommand(input), { abortSignal });
}
