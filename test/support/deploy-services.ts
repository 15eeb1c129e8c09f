// The services that deploys come from, as far as a hook answers them: CodeDeploy, CodePipeline, and the presigned URL
// of CloudFormation. Each takes one answer and refuses a second one, as AWS does.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import {
  PutLifecycleEventHookExecutionStatus$,
  type PutLifecycleEventHookExecutionStatusInput,
} from "@aws-sdk/client-codedeploy";
import {
  PutJobFailureResult$,
  type PutJobFailureResultInput,
  PutJobSuccessResult$,
  type PutJobSuccessResultInput,
} from "@aws-sdk/client-codepipeline";
import { type JsonApi, operation, ServiceError, startJsonApi } from "./aws-json-api.ts";

/** What a function needs in its environment to call one of these, besides the endpoint. */
export const CREDENTIALS = {
  AWS_REGION: "eu-west-1",
  AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
  AWS_SECRET_ACCESS_KEY: "a-test-has-no-secret-access-key",
} as const;

/** CodeDeploy; `answers` are those that it took, by hook execution. */
export interface CodeDeploy extends JsonApi {
  readonly answers: ReadonlyMap<string, string>;
}

/** https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_PutLifecycleEventHookExecutionStatus.html */
export async function startCodeDeploy(): Promise<CodeDeploy> {
  const answers = new Map<string, string>();
  const api = await startJsonApi({
    target: "CodeDeploy_20141006",
    signingName: "codedeploy",
    messageMember: "message",
    operations: [
      operation(PutLifecycleEventHookExecutionStatus$, (input: PutLifecycleEventHookExecutionStatusInput) => {
        const { deploymentId = "", lifecycleEventHookExecutionId = "", status = "" } = input;
        if (!deploymentId.startsWith("d-")) throw new ServiceError("InvalidDeploymentIdException", "no deployment");
        if (status !== "Succeeded" && status !== "Failed") {
          throw new ServiceError("InvalidLifecycleEventHookExecutionStatusException", `${status} is not accepted`);
        }
        if (answers.has(lifecycleEventHookExecutionId)) {
          throw new ServiceError("LifecycleEventAlreadyCompletedException", "it is completed");
        }
        answers.set(lifecycleEventHookExecutionId, status);
        return { lifecycleEventHookExecutionId };
      }),
    ],
  });
  return { ...api, answers };
}

/** What CodePipeline took for a job. */
export type JobResult =
  | { readonly kind: "success"; readonly input: PutJobSuccessResultInput }
  | { readonly kind: "failure"; readonly input: PutJobFailureResultInput };

/** CodePipeline; `results` are those that it took, by job, in the order in which they came. */
export interface CodePipeline extends JsonApi {
  readonly results: ReadonlyMap<string, JobResult>;
}

/** The limits are those of the model: https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PutJobSuccessResult.html */
export async function startCodePipeline(): Promise<CodePipeline> {
  const results = new Map<string, JobResult>();
  const take = (jobId: string, result: JobResult) => {
    if (results.has(jobId)) throw new ServiceError("InvalidJobStateException", "the job has its result");
    results.set(jobId, result);
    return {};
  };
  const invalid = (message: string) => new ServiceError("ValidationException", message);
  const api = await startJsonApi({
    target: "CodePipeline_20150709",
    signingName: "codepipeline",
    messageMember: "message",
    operations: [
      operation(PutJobSuccessResult$, (input: PutJobSuccessResultInput) => {
        const { jobId = "", continuationToken, outputVariables, executionDetails } = input;
        if (continuationToken !== undefined && (continuationToken.length < 1 || continuationToken.length > 2048))
          throw invalid("continuationToken has 1 to 2048 characters");
        if (continuationToken !== undefined && outputVariables !== undefined)
          throw invalid("output variables only without a continuation token");
        if ((executionDetails?.summary ?? "").length > 2048) throw invalid("summary has at most 2048 characters");
        if (Object.keys(outputVariables ?? {}).some((name) => !/^[A-Za-z0-9@\-_]+$/.test(name)))
          throw invalid("a variable has another name");
        return take(jobId, { kind: "success", input });
      }),
      operation(PutJobFailureResult$, (input: PutJobFailureResultInput) => {
        const { message = "" } = input.failureDetails ?? {};
        if (message.length < 1 || message.length > 5000) throw invalid("message has 1 to 5000 characters");
        return take(input.jobId ?? "", { kind: "failure", input });
      }),
    ],
  });
  return { ...api, results };
}

/** Where a custom resource's answers go. */
export interface ResponseUrl {
  readonly url: string;
  readonly responses: readonly Readonly<Record<string, unknown>>[];
  /** The next calls are answered with 503. */
  refuse(times: number): void;
  /** No call is answered from now on. */
  hang(): void;
  /** What else is answered than 200. */
  status: number;
  /** How often it was asked, whatever it answered. */
  requests: number;
  stop(): Promise<void>;
}

/** S3 checks the signature over an empty content type, and CloudFormation reads no more than 4,096 bytes. */
export async function startResponseUrl(): Promise<ResponseUrl> {
  const responses: Readonly<Record<string, unknown>>[] = [];
  let refusals = 0;
  let hangs = false;
  const state = { status: 200, requests: 0 };
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request);
    state.requests++;
    const isRight =
      request.method === "PUT" && (request.headers["content-type"] ?? "") === "" && Buffer.byteLength(body) <= 4096;
    if (hangs) return;
    if (refusals-- > 0) return void response.writeHead(503).end();
    const status = isRight ? state.status : 403;
    if (status === 200) responses.push(JSON.parse(body));
    response.writeHead(status).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/stack?X-Amz-Signature=abc`,
    responses,
    refuse: (times: number) => {
      refusals = times;
    },
    hang: () => {
      hangs = true;
    },
    stop: async () => {
      server.close();
      server.closeAllConnections();
    },
  });
}
