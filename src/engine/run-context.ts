// What one run is given besides its request: who it is, how long it has, and whom it tells.
import type { Wait } from "../connection/wait-for-database.ts";
import type { LockHolder } from "../failure/failure.ts";
import type { Lookout } from "./lookout.ts";
import type { PreparedSession } from "./prepare-session.ts";
import type { Sight } from "./sight.ts";
import type { Target } from "./target.ts";

/** What happens while a run goes on, for a person who waits. */
export type Progress =
  | ({ readonly kind: "database_wait" } & Wait)
  | { readonly kind: "lock_busy"; readonly holder: LockHolder | null; readonly waitedMs: number }
  | { readonly kind: "migration_started"; readonly version: string; readonly name: string }
  | { readonly kind: "migration_waits"; readonly version: string; readonly attempts: number }
  | ({ readonly kind: "seen"; readonly version: string } & Sight)
  | { readonly kind: "statement_started"; readonly version: string; readonly number: number; readonly of: number };

/** One invocation of the engine. */
export interface RunContext {
  readonly runId: string;
  readonly invocationId: string;
  /** Which invocation of the run this is, counted from 0. */
  readonly hop: number;
  /** Which connection of the invocation this is; absent for the first one. */
  readonly leg?: number;
  /** Whether its event may be delivered twice, so that another invocation may be the one that answers. */
  readonly mayBeTwice: boolean;
  /** Milliseconds until the invocation is ended from outside; Infinity when nobody does. */
  readonly remainingMs: () => number;
  /** Aborted when somebody wants the run to stop: it cancels, rolls back, unlocks and reports. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  /** How long to wait for another run to finish. */
  readonly lockWaitMs: number;
}

/** What every step of a run needs. */
export interface Run {
  readonly target: Target;
  readonly session: PreparedSession;
  /** Looks at the session's backend while it works. */
  readonly lookout: Lookout;
  readonly context: RunContext;
  readonly reserveMs: number;
  /** Whether an earlier invocation began it, and told its caller to come back. */
  readonly isContinuation: boolean;
  /** From the request; null leaves it to the files and the default. */
  readonly timeoutMs: number | null;
}
