// `resolve`: records what an operator says of a migration, where no run can find out. The old entry stays.
import { takeInventory } from "../inventory.ts";
import { resolveStatements } from "../journal-statements.ts";
import { lockKey, ownershipStatement } from "../lock.ts";
import { isServerError, send } from "../message.ts";
import { readRecorded } from "../open-journal.ts";
import { notRecorded } from "../open-session.ts";
import { planResolve } from "../plan-resolve.ts";
import { describe, finishResolved, refuse } from "../report.ts";
import type { Report } from "../report-schema.ts";
import type { Request } from "../request.ts";
import { composeTransaction } from "../transaction.ts";
import { type LockedWork, underLock, type Work } from "../work.ts";

type ResolveRequest = Extract<Request, { command: "resolve" }>;

export async function resolve(work: Work, request: ResolveRequest): Promise<Report> {
  const { draft, inventory } = work;
  const resolution = planResolve(inventory, request.version, request.as);
  if ("code" in resolution) return refuse(draft, [resolution]);
  if (request.dryRun) return finishResolved(draft, "would_resolve", resolution.sentence);
  return underLock(work, { showQueries: false }, (locked) => record(locked, request));
}

async function record(work: LockedWork, request: ResolveRequest): Promise<Report> {
  const { context, draft, inventory, journal, manifest, session, target } = work;
  const resolution = planResolve(inventory, request.version, request.as);
  if ("code" in resolution) return refuse(draft, [resolution]);
  const isInDatabase = resolution.entry !== null && resolution.entry.state !== "rolled_back";
  const batch = isInDatabase ? resolution.entry.batch : journal.newestBatch + 1;
  const author = { runId: context.runId, invocationId: context.invocationId, batch };
  const head = [
    ownershipStatement(lockKey(target.schema, target.journal)),
    ...resolveStatements(target, author, resolution),
  ];
  const { error } = await send(session.connection, composeTransaction(head, "", []).sql);
  if (error !== null) {
    if (isServerError(error)) await send(session.connection, "rollback");
    throw notRecorded(error);
  }
  draft.after = takeInventory(manifest, await readRecorded(session, target));
  draft.migrations = draft.after.filter(({ version }) => version === resolution.version).map((item) => describe(item));
  return finishResolved(draft, "resolved", resolution.sentence);
}
