// `adopt`: gives a journal to a database that has the schema but was migrated by something else. Applies nothing.
import type { Problem } from "../../failure/problem.ts";
import { fullName, type Migration, phaseOf } from "../../migration/manifest.ts";
import { compareVersions } from "../../migration/version.ts";
import { type Candidate, findMatch } from "../../schema/adoption.ts";
import { describeDrift } from "../describe-drift.ts";
import {
  decodeForeignJournal,
  type ForeignJournal,
  foreignRowsStatements,
  foreignTablesStatement,
  ROWS_INDEX,
} from "../foreign-journal.ts";
import { takeInventory } from "../inventory.ts";
import { adoptStatements } from "../journal-statements.ts";
import { lockKey, ownershipStatement } from "../lock.ts";
import { isServerError, send } from "../message.ts";
import { readRecorded } from "../open-journal.ts";
import { notRecorded } from "../open-session.ts";
import { readSchema } from "../read-schema.ts";
import { describe, finish, refuse } from "../report.ts";
import type { Report } from "../report-schema.ts";
import type { Request } from "../request.ts";
import { composeTransaction } from "../transaction.ts";
import { type LockedWork, type PreparedWork, underLock, usableMsOf } from "../work.ts";
import { NO_SNAPSHOT } from "./validate.ts";

type AdoptRequest = Extract<Request, { command: "adopt" }>;

/** What is to be recorded: the first migrations; or why nothing can be. */
interface Plan {
  readonly applied: readonly Migration[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Refuses a database that has a journal, or that no version matches. */
export async function adopt(work: PreparedWork, { dryRun }: AdoptRequest): Promise<Report> {
  const plan = await planFor(work);
  if (plan.problems.length > 0) return refuse(work.draft, plan.problems);
  if (!dryRun) return underLock(work, { showQueries: false }, record);
  work.draft.warnings.push(...plan.warnings);
  work.draft.migrations = work.inventory.map((item) =>
    describe(item, item.migration !== null && plan.applied.includes(item.migration) ? "would_adopt" : "pending"),
  );
  return finish(work.draft, "would_adopt");
}

async function record(work: LockedWork): Promise<Report> {
  const { context, draft, manifest, session, target } = work;
  const { applied, problems, warnings } = await planFor(work);
  if (problems.length > 0) return refuse(draft, problems);
  draft.warnings.push(...warnings);
  const { runId, invocationId } = context;
  const head = [
    ownershipStatement(lockKey(target.schema, target.journal)),
    ...adoptStatements(target, { runId, invocationId }, applied),
  ];
  const { error } = await send(session.connection, composeTransaction(head, "", []).sql);
  if (error !== null) {
    if (isServerError(error)) await send(session.connection, "rollback");
    throw notRecorded(error);
  }
  draft.after = takeInventory(manifest, await readRecorded(session, target));
  draft.migrations = draft.after.map((item) => describe(item));
  return finish(draft, "adopted");
}

async function planFor(work: PreparedWork): Promise<Plan> {
  const { manifest, journal, session, target } = work;
  const refusal = (problem: Problem): Plan => ({ applied: [], problems: [problem], warnings: [] });
  if (journal.entries.length > 0) return refusal(HAS_JOURNAL);
  const candidates = manifest.migrations.flatMap((migration): readonly Candidate[] => {
    const { version, change, changeExpandFirst } = migration;
    const isContract = phaseOf(migration) === "contract";
    return change === null ? [] : [{ version, change, changeExpandFirst: changeExpandFirst ?? change, isContract }];
  });
  if (candidates.length < manifest.migrations.length) return refusal({ ...NO_SNAPSHOT, message: CANNOT_COMPARE });
  const match = findMatch(candidates, await readSchema(session, target, usableMsOf(work)));
  const hints = await readHints(work);
  const dirty = hints.find(({ isDirty }) => isDirty);
  if (dirty !== undefined) return refusal(halfMigrated(dirty));
  const at = candidates[match.applied - 1]?.version ?? null;
  if ("differences" in match) return refusal(noMatch(at, match.differences.map(describeDrift), hints));
  if (at === null) return refusal(NOTHING_THERE);
  const first = manifest.migrations.slice(0, match.applied);
  const waits = (migration: Migration) => match.waiting.includes(migration.version);
  return {
    applied: first.filter((migration) => !waits(migration)),
    problems: [],
    warnings: [...undecided(match.undecided), ...first.filter(waits).map(waiting), ...others(hints, at)],
  };
}

async function readHints({
  session: { connection },
  target: { schema },
  manifest,
}: PreparedWork): Promise<readonly ForeignJournal[]> {
  const tables = await send(connection, foreignTablesStatement(schema));
  const versions = manifest.migrations.map(({ version }) => version);
  const hints: ForeignJournal[] = [];
  for (const { name } of tables.completed[0] ?? []) {
    const { completed, error } = await send(connection, foreignRowsStatements(schema, name ?? "").join(";\n"));
    if (isServerError(error)) await send(connection, "rollback");
    // It may be another product's, and not ours to read: a hint that cannot be had is none.
    if (error === null) hints.push(decodeForeignJournal(name ?? "", completed[ROWS_INDEX] ?? [], versions));
  }
  return hints;
}

const CANNOT_COMPARE = "adopt needs to know what the migrations make of a schema, and this build does not";

const HAS_JOURNAL: Problem = {
  code: "NOTHING_TO_RESOLVE",
  message: "this database has a journal with entries: there is nothing to adopt",
  hint: "hj migrations status says what is applied; hj migrations resolve corrects one entry.",
};

const NOTHING_THERE: Problem = {
  code: "NOTHING_TO_RESOLVE",
  message: "no migration's objects are in this schema: there is nothing to adopt",
  hint: "hj migrations run makes them. Is it the right database and schema?",
};

function halfMigrated({ table }: ForeignJournal): Problem {
  return {
    code: "MIGRATION_UNFINISHED",
    message: `the journal ${table} of another tool says that a migration did not get through`,
    hint: "Finish or undo it with that tool first: what half of it left cannot be told apart.",
  };
}

function noMatch(nearest: string | null, differences: readonly string[], hints: readonly ForeignJournal[]): Problem {
  const first = [...differences.slice(0, 5), ...(differences.length > 5 ? [`${differences.length - 5} more`] : [])];
  const told = hints.flatMap(({ table, newest }) => (newest === null ? [] : [` ${table} says ${newest}.`])).join("");
  return {
    code: "NOT_OURS",
    message: `the schema is that of no version of this build; nearest is ${nearest ?? "none"}, but for: ${first.join("; ")}`,
    hint: `Mend the differences, and adopt again; nothing was recorded.${told}`,
  };
}

function undecided(versions: readonly string[]): readonly Problem[] {
  if (versions.length === 0) return [];
  const message = `${versions.join(", ")} leave no trace in a schema: whether they were applied cannot be seen, and they stay pending`;
  return [
    {
      code: "SCHEMA_DRIFTED",
      message,
      hint: "Where they were applied, say so: hj migrations resolve VERSION --as applied.",
    },
  ];
}

function waiting({ version, name }: Migration): Problem {
  const full = fullName({ version, name });
  const message = `${full} is a contract migration, and what it takes away is there: it stays pending, until hj migrations run --phase contract`;
  return { code: "MIGRATION_WAITS", version, message };
}

/** A journal of another tool that says something else than the schema. */
function others(hints: readonly ForeignJournal[], adopted: string): readonly Problem[] {
  return hints
    .filter(({ newest }) => newest !== null && compareVersions(newest, adopted) !== 0)
    .map(({ table, newest }) => ({
      code: "SCHEMA_DRIFTED",
      message: `${table} of another tool says ${newest}, and the schema is that of ${adopted}`,
    }));
}
