// No report is longer than its callers take, whatever happened.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeContinuation } from "../../../src/engine/continuation.ts";
import { fitReport } from "../../../src/engine/fit-report.ts";
import {
  type Draft,
  fail,
  finish,
  finishForeseen,
  finishIncomplete,
  finishResolved,
  newDraft,
  refuse,
} from "../../../src/engine/report.ts";
import { type MigrationReport, type Report, reportSchema } from "../../../src/engine/report-schema.ts";
import type { Problem } from "../../../src/failure/problem.ts";
import { hazardOf } from "../../support/foreseen.ts";

/** DESIGN section 2. */
const LIMIT_BYTES = 200_000;

const RUN_ID = "3f2a91c0-8c5e-4b53-9d2a-6f0f1e2d3c4b";

function draft(parts: Partial<Pick<Draft, "migrations" | "warnings">> = {}): Draft {
  return { ...newDraft({ command: "list", dryRun: false }, { runId: "run", invocationId: "invocation" }), ...parts };
}

function migrations(count: number, name = "add_something"): MigrationReport[] {
  return Array.from({ length: count }, (_, index) => ({
    version: String(index + 1).padStart(6, "0"),
    name,
    status: "applied",
    appliedAt: "2024-06-01T09:00:00.000Z",
  }));
}

function problems(count: number, message = "was edited after it was applied"): Problem[] {
  return Array.from({ length: count }, (_, index) => ({
    code: "CHECKSUM_CHANGED",
    version: String(index + 1),
    message,
  }));
}

function bytesOf(report: Report): number {
  return Buffer.byteLength(JSON.stringify(report));
}

function versionsOf(entries: readonly { readonly version?: string | undefined }[]): readonly (string | undefined)[] {
  return entries.map(({ version }) => version);
}

function problemsOf(report: Report): readonly Problem[] {
  return report.outcome === "refused" ? (report.problems as readonly Problem[]) : [];
}

/** What must hold of every report that comes out. */
function fitted(report: Report): Report {
  const result = fitReport(report);
  expect(bytesOf(result)).toBeLessThanOrEqual(LIMIT_BYTES);
  expect(reportSchema.safeParse(result).error).toBeUndefined();
  return result;
}

describe("a report that fits", () => {
  test("is the very same", () => {
    for (const report of [finish(draft(), "listed"), finish(draft({ migrations: migrations(1_000) }), "listed")]) {
      expect(fitReport(report)).toBe(report);
      expect(report).not.toHaveProperty("omitted");
    }
  });

  test("is the very same to the last byte, and one byte more is one too many", () => {
    const filler = (length: number) =>
      finishResolved(draft({ migrations: migrations(2) }), "resolved", "x".repeat(length));
    const room = LIMIT_BYTES - bytesOf(filler(0));
    const full = filler(room);
    expect(bytesOf(full)).toBe(LIMIT_BYTES);
    expect(fitReport(full)).toBe(full);
    const long = filler(room + 1);
    expect(fitted(long)).not.toBe(long);
  });
});

describe("a report that is too long", () => {
  test("loses its oldest migrations, and counts them", () => {
    const all = migrations(10_000);
    const report = fitted(finish(draft({ migrations: all }), "listed"));
    expect(report.omitted).toBe(all.length - report.migrations.length);
    expect(versionsOf(report.migrations)).toEqual(versionsOf(all.slice(-report.migrations.length)));
  });

  test("keeps as much as there is room for", () => {
    const report = fitted(finish(draft({ migrations: migrations(10_000) }), "listed"));
    expect(bytesOf(report)).toBeGreaterThan(0.9 * LIMIT_BYTES);
  });

  test("is not asked for what has no hope of staying: of a long list that would be most of the work", () => {
    const all = migrations(10_000);
    const first = Object.defineProperty(all[0] as MigrationReport, "name", {
      get: () => {
        throw new Error("looked at");
      },
    });
    expect(fitted(finish(draft({ migrations: [first, ...all.slice(1)] }), "listed")).omitted).toBeGreaterThan(5_000);
  });

  test("loses the last of its problems, and counts them: the first are the ones to begin with", () => {
    const all = problems(5_000);
    const report = fitted(refuse(draft(), all));
    const kept = problemsOf(report);
    expect(kept.length).toBeGreaterThan(100);
    expect(report.omitted).toBe(all.length - kept.length);
    expect(versionsOf(kept)).toEqual(versionsOf(all.slice(0, kept.length)));
  });

  test("loses warnings too, and nothing of a list that is short", () => {
    const report = fitted(finish(draft({ migrations: migrations(10), warnings: problems(5_000) }), "listed"));
    expect(report.migrations).toHaveLength(10);
    expect(report.omitted).toBe(5_000 - report.warnings.length);
  });

  test("counts bytes, not characters", () => {
    const report = fitted(finish(draft({ migrations: migrations(3_000, "漢".repeat(100)) }), "listed"));
    expect(report.omitted).toBe(3_000 - report.migrations.length);
  });

  test("keeps what it says besides: outcome, counts, versions", () => {
    const long = {
      ...finish(draft({ migrations: migrations(10_000) }), "listed"),
      schemaVersion: { before: "1", after: "2" },
    };
    const { migrations: _, omitted: __, ...rest } = fitted(long);
    const { migrations: ___, ...expected } = long;
    expect(rest).toEqual(expected);
  });

  test("is short enough however its length is spread", () => {
    const length = fc.nat({ max: 3_000 });
    const text = fc
      .tuple(fc.constantFrom("x", "ž", "😀", "\n", '"', "\0"), fc.nat({ max: 400 }))
      .map(([character, times]) => character.repeat(times));
    fc.assert(
      fc.property(length, length, length, text, text, (migrationCount, warningCount, problemCount, name, message) => {
        const parts = { migrations: migrations(migrationCount, name), warnings: problems(warningCount, message) };
        const report = refuse(draft(parts), problems(problemCount + 1, message));
        const result = fitted(report);
        const kept = result.migrations.length + result.warnings.length + problemsOf(result).length;
        expect(kept + (result.omitted ?? 0)).toBe(migrationCount + warningCount + problemCount + 1);
      }),
      { numRuns: 25 },
    );
  });
});

describe("a report that is too long for what it says of each migration", () => {
  const LOCK = { table: "account", mode: "AccessExclusiveLock", work: "rewrite" } as const;
  const HAZARD = { ...hazardOf(), file: "0001_a.up.sql" };

  /** Pending migrations of 50 statements each, every fifth of which locks a table. */
  function detailed(count: number, hazards = 0): MigrationReport[] {
    const statements = Array.from({ length: 50 }, (_, index) => ({
      line: index + 1,
      excerpt: `insert into ž values (${"x".repeat(150)})`,
      locks: index % 5 === 0 ? [LOCK] : [],
    }));
    return migrations(count).map((migration) => ({
      ...migration,
      statements,
      ...(hazards > 0 && { hazards: Array.from({ length: hazards }, () => HAZARD) }),
    }));
  }

  function details(report: Report): number {
    const lists = report.migrations.map(({ statements = [], hazards = [], omitted = 0 }) => {
      return statements.length + hazards.length + omitted;
    });
    return lists.reduce((a, b) => a + b, 0);
  }

  test("loses statements, counts them where they were, and keeps every migration and hazard", () => {
    const report = fitted(
      finishForeseen(draft({ migrations: detailed(500, 1) }), { tables: [], oldestTransactionMs: null }),
    );
    expect(report.migrations).toHaveLength(500);
    expect(report).not.toHaveProperty("omitted");
    expect(report.migrations.every(({ hazards }) => hazards?.length === 1)).toBe(true);
    expect(details(report)).toBe(500 * 51);
    expect(bytesOf(report)).toBeGreaterThan(0.9 * LIMIT_BYTES);
  });

  test("loses those that lock nothing first, and then the last ones", () => {
    const fits = fitted(finish(draft({ migrations: detailed(30) }), "would_apply"));
    const kept = fits.migrations.map(({ statements = [] }) => statements);
    expect(kept.flat().filter(({ locks }) => locks?.length === 1)).toHaveLength(30 * 10);
    expect(kept[0]).toHaveLength(50);
    expect(kept.at(-1)).toHaveLength(10);
    const long = fitted(finish(draft({ migrations: detailed(200) }), "would_apply"));
    expect(long.migrations[0]?.statements).toHaveLength(10);
    expect(long.migrations[0]?.omitted).toBe(40);
    expect(long.migrations.at(-1)).toMatchObject({ statements: [], omitted: 50 });
  });

  test("loses hazards where statements are not enough, those that are allowed first", () => {
    const mixed = (count: number) =>
      migrations(count).map((migration) => ({
        ...migration,
        hazards: [HAZARD, { ...HAZARD, allowed: "small" }, HAZARD],
      }));
    const report = fitted(finish(draft({ migrations: mixed(500) }), "pending"));
    expect(report.migrations).toHaveLength(500);
    const kept = report.migrations.flatMap(({ hazards = [] }) => hazards);
    expect(kept.length).toBeGreaterThan(400);
    expect(kept.every(({ allowed }) => allowed === null)).toBe(true);
    expect(details(report)).toBe(3 * 500);
    expect(report.migrations.every(({ hazards }) => hazards?.length !== 0)).toBe(true);
  });

  test("is short enough when one migration has all of it", () => {
    const [one] = detailed(1, 20_000);
    const report = fitted(finish(draft({ migrations: one === undefined ? [] : [one] }), "would_apply"));
    expect(report.migrations).toHaveLength(1);
    expect(details(report)).toBe(20_050);
  });

  test("loses tables too", () => {
    const tables = Array.from({ length: 5_000 }, (_, index) => ({
      name: `table_${index}`,
      rows: 1,
      bytes: 1,
      oldestTransactionMs: null,
      longestQueryMs: null,
      session: null,
    }));
    const report = fitted(finishForeseen(draft({ migrations: migrations(3) }), { tables, oldestTransactionMs: 1 }));
    expect(report.migrations).toHaveLength(3);
    const kept = report.outcome === "would_apply" ? (report.tables ?? []) : [];
    expect(kept.length).toBeGreaterThan(1_000);
    expect(report.omitted).toBe(5_000 - kept.length);
  });
});

describe("a report whose length is in one entry", () => {
  test("keeps its continuation whole: a part of it would be none", () => {
    const batches = Array.from({ length: 1_000 }, (_, index) => index + 1);
    const continuation = encodeContinuation({ command: "rollback", runId: RUN_ID, batches });
    const report = fitted(finishIncomplete(draft({ migrations: migrations(10_000) }), continuation));
    expect(report).toMatchObject({ outcome: "incomplete", continuation });
  });

  test("is short enough when the database's message is long, as `raise exception '%', repeat(...)` makes it", () => {
    const place = { version: "1", file: "1_a.up.sql", line: 1, column: null, statement: "do $$ ... $$", caret: null };
    const details = { ...place, sqlState: "P0001" };
    const report = fail(draft(), {
      code: "STATEMENT_FAILED",
      message: "x".repeat(1_000_000),
      hint: "Fix it.",
      details,
    });
    expect(fitted(report)).toMatchObject({ outcome: "failed", failure: { code: "STATEMENT_FAILED" } });
  });

  test("is short enough when one problem lists everything that is applied", () => {
    const hint = migrations(10_000)
      .map(({ version, name }) => `${version}_${name}`)
      .join(", ");
    const report = refuse(draft(), [
      { code: "NOT_ENOUGH_BATCHES", field: "steps", message: "asks for too many", hint },
    ]);
    expect(fitted(report)).toMatchObject({ outcome: "refused", problems: [{ code: "NOT_ENOUGH_BATCHES" }] });
  });
});
