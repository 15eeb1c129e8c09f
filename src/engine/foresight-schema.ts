// What a report says of the time before a run: statements, locks, hazards, and the tables as they are now.
// A part of report-schema.ts, and as that one loaded for its types alone.
import * as z from "zod";

const milliseconds = z.number().int().nonnegative().nullable();

/** One statement that may hurt those who use the database meanwhile. */
export const hazard = z.strictObject({
  rule: z.string().describe("hj migrations explain tells more of it."),
  level: z.enum(["error", "warning"]),
  object: z.string().describe("What it is about, as -- hj:allow names it."),
  message: z.string(),
  file: z.string(),
  line: z.number().int().positive().describe("Of the statement."),
  column: z.number().int().positive(),
  allowed: z.string().nullable().describe("Why it is allowed, from -- hj:allow; null when nobody has allowed it."),
});

const tableLock = z.strictObject({
  table: z.string().describe("With its schema only where that is another one than the report's."),
  mode: z
    .enum([
      "AccessShareLock",
      "RowShareLock",
      "RowExclusiveLock",
      "ShareUpdateExclusiveLock",
      "ShareLock",
      "ShareRowExclusiveLock",
      "ExclusiveLock",
      "AccessExclusiveLock",
    ])
    .describe("As pg_locks names it."),
  work: z
    .enum(["rewrite", "scan", "build"])
    .nullable()
    .describe("What is done to every row under the lock: written anew, read, an index built of it."),
});

/** One statement that would run. */
export const statement = z.strictObject({
  line: z.number().int().positive(),
  excerpt: z.string().describe("At most 200 characters, literals masked."),
  locks: z
    .array(tableLock)
    .optional()
    .describe("On tables that were there before the migration. Absent where the build did not look."),
});

/** A table that a run would lock, as it is now. */
export const liveTable = z.strictObject({
  name: z.string().describe("As the locks name it."),
  rows: z.number().int().nonnegative().nullable().describe("An estimate. Null when not known."),
  bytes: z
    .number()
    .int()
    .nonnegative()
    .nullable()
    .describe("With indexes and TOAST. Null while a session has it to itself."),
  oldestTransactionMs: milliseconds.describe("Of the sessions that hold or await a lock on it. Null when not seen."),
  longestQueryMs: milliseconds.describe("The longest of those that run now. Null when none is seen."),
  session: z
    .strictObject({ pid: z.number().int().positive(), application: z.string().nullable() })
    .nullable()
    .describe("Whose transaction is the oldest. Null when nobody is on it."),
});

/** What `would_apply` says besides. Both are absent where nothing would be locked, and where they could not be read. */
export const live = {
  tables: z.array(liveTable).optional().describe("Those tables that the run would lock and that are there."),
  oldestTransactionMs: milliseconds
    .optional()
    .describe("Of the whole database: a CREATE INDEX CONCURRENTLY waits for it. Of what the role may see."),
};

/** A hazard as a report tells it. */
export type ReportedHazard = z.infer<typeof hazard>;
/** A statement as a report tells it. */
export type ReportedStatement = z.infer<typeof statement>;
/** A lock as a report tells it. */
export type ReportedLock = NonNullable<ReportedStatement["locks"]>[number];
/** A table as a report tells it. */
export type LiveTable = z.infer<typeof liveTable>;
