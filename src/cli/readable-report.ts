// What this command line reads of a report: no more is asked of one. A newer function may say more than is known here, so
// nothing is refused for a field, a code or an outcome too many. Pure.
import * as z from "zod/mini";
import type { Report } from "../engine/report-schema.ts";

/** The report, whole, where `value` is one; the number of its version where that is another; else null. */
export function readableReport(value: unknown): Report | number | null {
  if (report.safeParse(value).success) return value as Report;
  const version = z.safeParse(versioned, value).data?.reportVersion;
  return version === undefined || version === 1 ? null : version;
}

const versioned = z.looseObject({ reportVersion: z.int() });

const text = z.optional(z.string());
const number = z.optional(z.number());

const note = z.looseObject({
  code: z.string(),
  message: z.string(),
  hint: text,
  field: text,
  file: text,
  line: number,
  column: number,
});

const hazard = z.looseObject({
  rule: z.string(),
  level: z.string(),
  message: z.string(),
  file: z.string(),
  line: z.number(),
  column: z.number(),
  allowed: z.nullable(z.string()),
});

const lock = z.looseObject({ table: z.string(), mode: z.string(), work: z.nullable(z.string()) });

const migration = z.looseObject({
  version: z.string(),
  name: z.string(),
  status: z.string(),
  batch: number,
  appliedAt: text,
  durationMs: number,
  attempts: number,
  statementsDone: number,
  hazards: z.optional(z.array(hazard)),
  statements: z.optional(
    z.array(z.looseObject({ line: z.number(), excerpt: z.string(), locks: z.optional(z.array(lock)) })),
  ),
  omitted: number,
});

const base = z.looseObject({
  reportVersion: z.literal(1),
  ok: z.boolean(),
  outcome: z.string(),
  command: z.nullable(z.string()),
  dryRun: z.boolean(),
  runId: z.string(),
  invocationId: z.string(),
  startedAt: z.string(),
  durationMs: z.number(),
  database: z.nullable(z.looseObject({ url: z.string(), schema: z.string(), serverVersion: z.string() })),
  schemaVersion: z.looseObject({ before: z.nullable(z.string()), after: z.nullable(z.string()) }),
  counts: z.looseObject({ applied: z.number(), pending: z.number(), started: z.number(), unknown: z.number() }),
  migrations: z.array(migration),
  warnings: z.array(note),
  omitted: number,
});

const validated = z.looseObject({
  checked: z.looseObject({ tables: z.number() }),
  drift: z.array(
    z.looseObject({
      kind: z.string(),
      level: z.string(),
      object: z.looseObject({ kind: z.string(), of: z.string(), name: z.string() }),
      version: text,
      because: text,
      expected: text,
      found: text,
    }),
  ),
});

const session = z.looseObject({ pid: z.number(), application: z.nullable(z.string()) });

const table = z.looseObject({
  name: z.string(),
  rows: z.nullable(z.number()),
  bytes: z.nullable(z.number()),
  oldestTransactionMs: z.nullable(z.number()),
  longestQueryMs: z.nullable(z.number()),
  session: z.nullable(session),
});

/** Of the outcomes that carry more. */
const CARRIED: Readonly<Record<string, z.ZodMiniType>> = {
  would_apply: z.looseObject({
    tables: z.optional(z.array(table)),
    oldestTransactionMs: z.optional(z.nullable(z.number())),
  }),
  valid: validated,
  drifted: validated,
  incomplete: z.looseObject({ continuation: z.string() }),
  refused: z.looseObject({ problems: z.array(note).check(z.minLength(1)) }),
  failed: z.looseObject({
    failure: z.looseObject({
      code: z.string(),
      message: z.string(),
      hint: z.string(),
      details: z.record(z.string(), z.unknown()),
    }),
  }),
  resolved: z.looseObject({ resolution: z.string() }),
  would_resolve: z.looseObject({ resolution: z.string() }),
  unlocked: z.looseObject({ holder: session }),
};

const report = base.check(
  z.refine(
    (value) => !Object.hasOwn(CARRIED, value.outcome) || CARRIED[value.outcome]?.safeParse(value).success === true,
  ),
);
