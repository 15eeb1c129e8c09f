// What a trigger is. One file in triggers/ for each; the handler knows none of them by name.
import type { Report } from "../engine/report-schema.ts";
import type { Request } from "../engine/request.ts";
import type { Refusal } from "../failure/problem.ts";

/** The shape of event that started a run, and how its caller wants its answer. All of it pure. */
export interface Trigger {
  /** For logs. */
  readonly name: string;
  /** Whose API its answers are brought to; absent where an answer is a return value. */
  readonly answersTo?: Call["to"];
  /** Whether an event is this trigger's, by its structure alone. */
  readonly recognises: (event: unknown) => boolean;
  /** What the event asks for; an answer where nothing has to be done. Asked only for an event that it recognises. */
  readonly read: (event: unknown, build: Build) => Asked | Refusal | Answer;
  /** How the report goes back to this caller. */
  readonly answer: (report: Report, event: unknown, delivery: Delivery) => Answer;
}

/** What a trigger may know of the function it is part of. */
export interface Build {
  /** From HELLOJOHN_HOOK_COMMAND: what a caller wants that cannot say it. A word, or an event as JSON. */
  readonly hookCommand: string;
  /** The manifest's; null where the build has none. */
  readonly manifestHash: string | null;
}

/** What an event asks for. */
export interface Asked {
  readonly request: Request;
  /** The same for every delivery of one event; null for a caller that waits for its answer. */
  readonly runId: string | null;
  /** Which invocation of the run this is, counted from 0. */
  readonly hop: number;
  /** When the caller stops waiting, in milliseconds of the Unix epoch; absent where the invocation itself ends before. */
  readonly endsAt?: number;
}

/** What is known of the invocation when its answer is made. */
export interface Delivery {
  readonly invocationId: string;
  /** Of this function, as it was invoked; null outside of AWS. */
  readonly functionArn: string | null;
  /** Milliseconds of the Unix epoch. */
  readonly now: number;
}

/** How an answer travels. */
export type Answer =
  | { readonly kind: "return"; readonly value: unknown; readonly goesOn?: boolean }
  | { readonly kind: "throw"; readonly error: Error }
  | ({ readonly kind: "deliver" } & Deliverable)
  /** Another invocation of the same event is at work, and answers. */
  | { readonly kind: "leave"; readonly reason: string };

/** An answer that has to be brought to an API. */
export interface Deliverable {
  readonly call: Call;
  /** For logs: what is told to whom. */
  readonly summary: string;
  /** What an operator does when it cannot be delivered. */
  readonly byHand: string;
  /** The run is not over with it, whatever its report says: nobody is to be alarmed. Default false. */
  readonly goesOn?: boolean;
  /** Delivered instead when this one cannot be: half of the time that is left is kept for it. */
  readonly otherwise?: Deliverable;
}

/** A call to AWS, as its SDK takes it; made in deliver.ts. */
export type Call =
  | { readonly to: "codedeploy"; readonly input: LifecycleStatus }
  | { readonly to: "codepipeline"; readonly operation: "success"; readonly input: JobSuccess }
  | { readonly to: "codepipeline"; readonly operation: "failure"; readonly input: JobFailure }
  | { readonly to: "cloudformation"; readonly url: string; readonly body: string }
  | { readonly to: "itself"; readonly functionArn: string; readonly event: object };

/** https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_PutLifecycleEventHookExecutionStatus.html */
export interface LifecycleStatus {
  readonly deploymentId: string;
  readonly lifecycleEventHookExecutionId: string;
  readonly status: "Succeeded" | "Failed";
}

/** https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PutJobSuccessResult.html */
export interface JobSuccess {
  readonly jobId: string;
  readonly continuationToken?: string;
  readonly executionDetails: { readonly summary: string; readonly externalExecutionId: string };
  readonly outputVariables?: Record<string, string>;
}

/** https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_FailureDetails.html */
export interface JobFailure {
  readonly jobId: string;
  readonly failureDetails: {
    readonly type: "JobFailed" | "ConfigurationError" | "PermissionError" | "SystemUnavailable";
    readonly message: string;
    readonly externalExecutionId: string;
  };
}

/** True for an answer; what was asked and a refusal have other fields. */
export function isAnswer(read: Asked | Refusal | Answer): read is Answer {
  return "kind" in read;
}
