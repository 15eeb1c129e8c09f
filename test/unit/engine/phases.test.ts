// Expand and contract, as the plan of a run decides it.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { takeInventory } from "../../../src/engine/inventory.ts";
import type { Journal, JournalEntry } from "../../../src/engine/journal.ts";
import { type Asked, NEXT_RUN, PHASES, type Phase } from "../../../src/engine/phases.ts";
import { planRun } from "../../../src/engine/plan.ts";
import { type Manifest, type Migration, phaseOf } from "../../../src/migration/manifest.ts";
import { entryOf, manifestOf } from "../../support/manifest.ts";

const MANIFEST = manifestOf({
  "1_name.up.sql": "create table a (name text);",
  "2_full_name.up.sql": "alter table a add column full_name text;",
  "3_no_name.up.sql": "-- hj:phase contract after 0002\nalter table a drop column name;",
  "4_mail.up.sql": "alter table a add column mail text;",
});
const OWN_RUN = "11111111-0000-4000-8000-000000000000";

type Standing = Readonly<Record<string, Partial<JournalEntry>>>;

function journalOf(standing: Standing): Journal {
  const entries = MANIFEST.migrations.flatMap((migration) => {
    const entry = standing[migration.version];
    return entry === undefined ? [] : [entryOf(migration, entry)];
  });
  return { entries, newestBatch: Math.max(0, ...entries.map(({ batch }) => batch)) };
}

function planOf(phase: Phase, standing: Standing, asked: Partial<Asked> = {}) {
  const journal = journalOf(standing);
  const batch = journal.newestBatch + 1;
  return planRun(takeInventory(MANIFEST, journal), [], { phase, runId: OWN_RUN, batch, ...asked });
}

const FIRST = { "1": { batch: 1 } };
const SECOND = { ...FIRST, "2": { batch: 2 } };
const NOT_YET = /^3_no_name is a contract migration and waits/;
const ASKED_LATER =
  "3_no_name is a contract migration and waits: when no old code is left, hj migrations run --phase contract";
const SAME_RUN =
  "3_no_name is a contract migration and waits: 2_full_name, which it comes after, is of this very run. In a later one, when no old code is left, hj migrations run --phase contract";
const NOT_APPLIED =
  "3_no_name is a contract migration and waits for 2_full_name, which is not applied: first hj migrations run, then, when no old code is left, hj migrations run --phase contract";
const ONLY_CONTRACT = (name: string) =>
  `${name} is pending, and only contract migrations were asked for: hj migrations run applies it`;

describe("a run", () => {
  test.each<[what: string, Phase, Standing, taken: string[], waiting: string[]]>([
    ["leaves contract migrations alone by default", "expand", SECOND, ["4"], [ASKED_LATER]],
    ["leaves them alone behind those they come after", "expand", FIRST, ["2", "4"], [ASKED_LATER]],
    ["applies contract ones only, where they are asked for", "contract", SECOND, ["3"], [ONLY_CONTRACT("4_mail")]],
    ["applies expand ones first, where all are asked for", "all", SECOND, ["4", "3"], []],
    ["keeps one back whose VERSION it applies itself", "all", FIRST, ["2", "4"], [SAME_RUN]],
    [
      "keeps one back whose VERSION is not applied",
      "contract",
      FIRST,
      [],
      [ONLY_CONTRACT("2_full_name"), NOT_APPLIED, ONLY_CONTRACT("4_mail")],
    ],
    [
      "keeps one back whose VERSION was rolled back",
      "contract",
      { ...SECOND, "2": { batch: 2, state: "rolled_back" }, "4": {} },
      [],
      [ONLY_CONTRACT("2_full_name"), NOT_APPLIED],
    ],
    [
      "does not call late what is older than a contract migration",
      "expand",
      { ...SECOND, "3": { batch: 3 } },
      ["4"],
      [],
    ],
    [
      "is not refused for a contract migration that comes late",
      "contract",
      { ...SECOND, "4": { batch: 3 } },
      ["3"],
      [],
    ],
    [
      "goes on with what was begun, whatever is asked for",
      "expand",
      { ...SECOND, "3": { batch: 3, state: "started" } },
      ["4", "3"],
      [],
    ],
    ["takes all to an empty database, in order of version", "expand", {}, ["1", "2", "3", "4"], []],
    [
      "takes all where everything was rolled back",
      "contract",
      { "1": { state: "rolled_back" }, "2": { state: "rolled_back" } },
      ["1", "2", "3", "4"],
      [],
    ],
  ])("%s", (_what, phase, standing, taken, waiting) => {
    const plan = planOf(phase, standing);
    expect(plan.problems).toEqual([]);
    expect(plan.steps.map(({ version }) => version)).toEqual(taken);
    expect(plan.warnings.map(({ message }) => message)).toEqual(waiting);
    expect(plan.warnings.every(({ code }) => code === "MIGRATION_WAITS")).toBe(true);
  });

  test("that goes on does not take what it applied itself for older", () => {
    const standing = { "1": { batch: 1 }, "2": { batch: 2, runId: OWN_RUN } };
    expect(planOf("all", standing, { batch: 2 }).steps.map(({ version }) => version)).toEqual(["4"]);
    expect(planOf("all", standing, { batch: 2 }).warnings).toMatchObject([{ message: SAME_RUN }]);
  });

  test("that goes on with what it found empty takes all the same", () => {
    const standing = { "1": { runId: OWN_RUN }, "2": { runId: OWN_RUN } };
    expect(planOf("expand", standing, { batch: 1 }).steps.map(({ version }) => version)).toEqual(["3", "4"]);
  });

  test("is refused for a late expand migration only where it would apply it", () => {
    const standing = { "1": { batch: 1 }, "4": { batch: 2 } };
    expect(planOf("expand", standing).problems).toMatchObject([{ code: "OUT_OF_ORDER", version: "2" }]);
    expect(planOf("contract", standing).problems).toEqual([]);
  });

  test("of an older build is not late because of a contract migration that it does not know", () => {
    const older: Manifest = { ...MANIFEST, migrations: MANIFEST.migrations.slice(0, 2) };
    const unknown = entryOf(MANIFEST.migrations[2] as Migration, { batch: 3 });
    const entries = [entryOf(MANIFEST.migrations[0] as Migration), unknown];
    expect(planRun(takeInventory(older, { entries, newestBatch: 3 })).problems).toEqual([]);
  });

  test("that is only looked at says what the next one would leave", () => {
    expect(planRun(takeInventory(MANIFEST, journalOf(FIRST)), [], NEXT_RUN).warnings).toMatchObject([
      { version: "3", message: expect.stringMatching(NOT_YET) },
    ]);
  });
});

/** Builds in which every contract migration comes after an older expand one. */
const build = fc.array(fc.option(fc.nat(), { freq: 2 }), { minLength: 1, maxLength: 8 }).map((marks): Manifest => {
  const expand: string[] = [];
  const files = marks.map((mark, index) => {
    const version = String(index + 1);
    const after = mark === null ? undefined : expand[mark % Math.max(1, expand.length)];
    if (after === undefined) expand.push(version);
    return [
      `${version}_m.up.sql`,
      after === undefined ? "select 1;" : `-- hj:phase contract after ${after}\nselect 1;`,
    ] as const;
  });
  return manifestOf(Object.fromEntries(files));
});

/** How many migrations the build of a run has, its phase, and how many of its steps it gets through before it is cut. */
const runs = fc.array(
  fc.record({
    shipped: fc.integer({ min: 1, max: 8 }),
    phase: fc.constantFrom(...PHASES),
    cut: fc.option(fc.nat({ max: 3 })),
  }),
  { maxLength: 8 },
);

test("whatever the order of builds and phases, no contract migration is in the batch of its VERSION, but for empty databases", () => {
  let contracts = 0;
  fc.assert(
    fc.property(build, runs, (whole, invocations) => {
      let entries: readonly JournalEntry[] = [];
      let newestBatch = 0;
      let cut: string | null = null;
      const emptyBatches = new Set<number>();
      for (const [index, { shipped, phase, ...invocation }] of invocations.entries()) {
        const runId: string = cut ?? `run ${index}`;
        const isOurs = entries.some((entry) => entry.runId === runId);
        const batch = isOurs ? newestBatch : newestBatch + 1;
        if (entries.length === 0) emptyBatches.add(batch);
        const manifest = { ...whole, migrations: whole.migrations.slice(0, shipped) };
        const { steps } = planRun(takeInventory(manifest, { entries, newestBatch }), [], { phase, runId, batch });
        const taken = steps.slice(0, invocation.cut ?? steps.length);
        entries = [
          ...entries,
          ...taken.flatMap((step) => ("migration" in step ? [entryOf(step.migration, { batch, runId })] : [])),
        ];
        newestBatch = Math.max(newestBatch, ...entries.map((entry) => entry.batch));
        cut = taken.length < steps.length ? runId : null;
      }
      for (const migration of whole.migrations.filter((one) => phaseOf(one) === "contract")) {
        const own = entries.find(({ version }) => version === migration.version);
        const after = entries.find(({ version }) => version === migration.contractAfter);
        if (own === undefined) continue;
        contracts++;
        expect(after).toBeDefined();
        if (!emptyBatches.has(own.batch)) expect(after?.batch).toBeLessThan(own.batch);
      }
    }),
    { numRuns: 1_000 },
  );
  expect(contracts).toBeGreaterThan(100);
});
