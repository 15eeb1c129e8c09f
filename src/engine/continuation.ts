// The token that lets a later invocation go on with a run: opaque to callers, checked when it comes back. Pure.
import * as z from "zod/mini";

/** Which run goes on, and the batches that it has written to; for a rollback those that it is to take back. */
export interface Continuation {
  readonly command: "run" | "rollback";
  readonly runId: string;
  readonly batches: readonly number[];
}

const schema = z.strictObject({
  command: z.enum(["run", "rollback"]),
  runId: z.uuid(),
  batches: z.array(z.int().check(z.positive())).check(z.maxLength(1000)),
});

export function encodeContinuation(continuation: Continuation): string {
  return btoa(JSON.stringify(continuation));
}

/** Null for anything that encodeContinuation did not make. What it says is still held against the journal. */
export function decodeContinuation(token: string): Continuation | null {
  try {
    const parsed = schema.safeParse(JSON.parse(atob(token)));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
