// The report, as a schema: docs/report.schema.json is generated from it, and the types below are inferred from it.
// The function imports nothing but these types, so that no schema is loaded to write a report.
import * as z from "zod";
import { hazard, live, statement } from "./foresight-schema.ts";

const instant = z.iso.datetime().describe("ISO 8601, UTC.");
const duration = z.number().int().nonnegative().describe("Milliseconds.");

const problem = z
  .strictObject({
    code: z.string().describe("Stable; the list is in src/failure/."),
    message: z.string(),
    hint: z.string().optional().describe("The way out."),
    field: z.string().optional().describe("A field of the event, or the name of a setting."),
    file: z.string().optional().describe("A migration file."),
    line: z.number().int().positive().optional(),
    column: z.number().int().positive().optional(),
    version: z.string().optional().describe("The migration it is about."),
  })
  .describe("One thing that is wrong, or worth knowing.");

const failure = z
  .strictObject({
    code: z.string().describe("Stable; the list is in src/failure/."),
    message: z.string(),
    hint: z.string().describe("What to do next."),
    details: z.record(z.string(), z.unknown()).describe("The facts that go with the code."),
  })
  .describe("Why the run stopped.");

const holder = z
  .strictObject({
    pid: z.number().int().positive(),
    application: z.string().nullable(),
    connectedAt: instant.nullable(),
    state: z.string().nullable(),
    stateSince: instant.nullable(),
    build: z.strictObject({ phase: z.string(), percent: z.number().nullable() }).nullable(),
  })
  .describe("The session that held the run lock, and was ended.");

const migration = z.strictObject({
  version: z.string(),
  name: z.string(),
  status: z
    .enum([
      "applied",
      "pending",
      "would_apply",
      "would_adopt",
      "rolled_back",
      "would_roll_back",
      "failed",
      "not_reached",
      "in_doubt",
      "started",
      "unknown",
    ])
    .describe("unknown: in the database, not in this build. started: not transactional, and not finished, up or down."),
  batch: z.number().int().positive().optional(),
  appliedAt: instant.optional().describe("The database's clock."),
  durationMs: duration.optional(),
  attempts: z.number().int().positive().optional().describe("More than one: a lock was not free at first."),
  transactional: z.boolean().optional(),
  statementsDone: z.number().int().nonnegative().optional().describe("Of one that is started, when it is only read."),
  reversible: z.boolean().optional(),
  phase: z.enum(["expand", "contract"]).optional().describe("contract: takes away what old code needed."),
  hazards: z.array(hazard).min(1).optional().describe("Where the build foresees some, applied ones aside."),
  statements: z.array(statement).optional().describe("In a dry run: those that would run, in their order."),
  omitted: z
    .number()
    .int()
    .positive()
    .optional()
    .describe("How many of its statements and hazards were left out, because a caller takes no more."),
});

const checked = z
  .strictObject({
    tables: z.number().int().nonnegative(),
    columns: z.number().int().nonnegative(),
    indexes: z.number().int().nonnegative().describe("Without those that stand behind a constraint."),
    constraints: z.number().int().nonnegative(),
    others: z
      .number()
      .int()
      .nonnegative()
      .describe("Types, sequences, functions, triggers, views, policies, extensions."),
  })
  .describe("How many objects all migrations of this build make.");

const drift = z
  .strictObject({
    kind: z.enum(["missing", "invalid", "different", "unexpected"]),
    level: z
      .enum(["error", "warning", "information"])
      .describe("warning: printed differently, or perhaps a newer build's doing. information: nobody's concern."),
    object: z.strictObject({ kind: z.string(), of: z.string().describe("Its table, or empty."), name: z.string() }),
    version: z.string().optional().describe("The migration that brings it."),
    because: z
      .enum(["pending", "dropped", "unknown"])
      .optional()
      .describe(
        "Of what is missing. pending: its migration is. dropped: somebody did. unknown: the database is ahead.",
      ),
    expected: z.string().optional(),
    found: z.string().optional(),
  })
  .describe("One difference between the live schema and what the migrations make.");

const base = {
  reportVersion: z.literal(1),
  command: z
    .enum(["status", "run", "rollback", "list", "validate", "adopt", "resolve", "unlock"])
    .nullable()
    .describe("Null when none was understood."),
  dryRun: z.boolean(),
  runId: z.string().describe("Kept by a continued run; part of application_name in pg_stat_activity."),
  invocationId: z.string(),
  startedAt: instant,
  durationMs: duration,
  database: z
    .strictObject({
      url: z.string().describe("Without its password."),
      schema: z.string(),
      serverVersion: z.string(),
    })
    .nullable()
    .describe("Null when no connection was made."),
  schemaVersion: z
    .strictObject({ before: z.string().nullable(), after: z.string().nullable() })
    .describe("The newest applied version; null when nothing is applied, or not known."),
  counts: z
    .strictObject({
      applied: z.number().int(),
      pending: z.number().int(),
      started: z.number().int(),
      unknown: z.number().int(),
    })
    .describe("Where all migrations stand after the command."),
  migrations: z.array(migration).describe("Those that the command concerns; all of them for list."),
  warnings: z.array(problem),
  omitted: z
    .number()
    .int()
    .positive()
    .optional()
    .describe("How many entries of migrations, problems and warnings were left out, because a caller takes no more."),
};

const fine = <Outcome extends string>(outcome: Outcome) =>
  z.strictObject({ ...base, ok: z.literal(true), outcome: z.literal(outcome) });

/** Every report. A union on `outcome`: what an outcome does not have, it cannot carry. */
export const reportSchema = z
  .discriminatedUnion("outcome", [
    fine("up_to_date"),
    fine("pending"),
    fine("applied"),
    fine("would_apply").extend(live),
    fine("rolled_back"),
    fine("would_roll_back"),
    fine("nothing_to_roll_back"),
    fine("listed"),
    fine("adopted").describe("Recorded as applied, because it is there: nothing was applied."),
    fine("would_adopt"),
    fine("resolved").extend({ resolution: z.string().describe("What was recorded.") }),
    fine("would_resolve").extend({ resolution: z.string().describe("What would be recorded.") }),
    fine("unlocked").extend({ holder }),
    fine("valid").extend({ checked, drift: z.array(drift).describe("No errors.") }),
    z.strictObject({
      ...base,
      ok: z.literal(false),
      outcome: z.literal("drifted").describe("The schema is not what the migrations make."),
      checked,
      drift: z.array(drift).min(1),
    }),
    z.strictObject({
      ...base,
      ok: z.literal(false),
      outcome: z
        .literal("incomplete")
        .describe("Cut by the invocation's deadline. Send the same event with the continuation to go on."),
      continuation: z.string().describe("Opaque."),
    }),
    z.strictObject({
      ...base,
      ok: z.literal(false),
      outcome: z.literal("refused").describe("Nothing was done."),
      problems: z.array(problem).min(1),
    }),
    z.strictObject({ ...base, ok: z.literal(false), outcome: z.literal("failed"), failure }),
  ])
  .describe("What a command of the HelloJohn migration hook came to.");

/** How much a validation looked at. */
export type Checked = z.infer<typeof checked>;
/** One difference, as a report tells it. */
export type ReportedDrift = z.infer<typeof drift>;
/** One migration in a report. */
export type MigrationReport = z.infer<typeof migration>;
/** What a migration's status can be. */
export type MigrationStatus = MigrationReport["status"];
/** What every report says, whatever its outcome. */
export type ReportBase = Omit<Extract<Report, { outcome: "listed" }>, "ok" | "outcome">;
/** The structured answer to a request. */
export type Report = z.infer<typeof reportSchema>;
