// What an operator's word about a migration comes to, for every state that it can be in.
import { describe, expect, test } from "vitest";
import { takeInventory } from "../../../src/engine/inventory.ts";
import type { EntryState } from "../../../src/engine/journal.ts";
import { planResolve, type ResolveAs } from "../../../src/engine/plan-resolve.ts";
import { journalEntry, journalOfHistory, manifestOfHistory } from "../../support/histories.ts";
import { manifestOf } from "../../support/manifest.ts";

type Verdict = "accepted" | "refused";

/** Every state a migration can be in, and what each word about it comes to. */
const TABLE: readonly {
  readonly shipped: boolean;
  readonly recorded: EntryState | null;
  readonly edited: boolean;
  readonly verdicts: Readonly<Record<ResolveAs, Verdict>>;
}[] = [
  row(true, null, false, "accepted", "refused", "refused"),
  row(true, "rolled_back", false, "accepted", "refused", "refused"),
  row(true, "applied", false, "refused", "accepted", "refused"),
  row(true, "applied", true, "refused", "accepted", "accepted"),
  row(true, "started", false, "accepted", "accepted", "refused"),
  // Its file is one transaction, and a part of it is done already.
  row(true, "started", true, "accepted", "accepted", "refused"),
  row(true, "rolling_back", false, "accepted", "accepted", "refused"),
  row(true, "rolling_back", true, "accepted", "accepted", "accepted"),
  row(false, "rolled_back", false, "refused", "refused", "refused"),
  row(false, "applied", false, "refused", "accepted", "refused"),
  row(false, "started", false, "accepted", "accepted", "refused"),
  row(false, "rolling_back", false, "accepted", "accepted", "refused"),
];

function row(
  shipped: boolean,
  recorded: EntryState | null,
  edited: boolean,
  applied: Verdict,
  rolledBack: Verdict,
  checksum: Verdict,
) {
  return { shipped, recorded, edited, verdicts: { applied, rolled_back: rolledBack, checksum } };
}

const CASES = TABLE.flatMap(({ verdicts, ...fate }) =>
  (["applied", "rolled_back", "checksum"] as const).map((as) => ({
    ...fate,
    as,
    verdict: verdicts[as],
    what: `${fate.shipped ? "shipped" : "not shipped"}, ${fate.edited ? "edited, " : ""}${fate.recorded ?? "not recorded"}`,
  })),
);

describe("planResolve", () => {
  test.each(CASES)("as $as of a migration that is $what: $verdict", ({ as, verdict, what: _, ...fate }) => {
    const fates = [{ version: "0001", ...fate }];
    const inventory = takeInventory(manifestOfHistory(fates), journalOfHistory(fates));
    const resolution = planResolve(inventory, "0001", as);
    if (verdict === "refused") {
      expect(resolution).toMatchObject({ code: "NOTHING_TO_RESOLVE", field: "version", version: "0001" });
      return;
    }
    expect(resolution).toMatchObject({ version: "0001", name: "migration", to: { as } });
    const entry = "entry" in resolution ? resolution.entry : undefined;
    expect(entry?.state ?? null).toBe(fate.recorded);
  });

  test("finds a version as versions compare, and takes the build's way of writing it", () => {
    const fates = [{ version: "0001", shipped: true, recorded: null, edited: false }];
    const inventory = takeInventory(manifestOfHistory(fates), journalOfHistory(fates));
    expect(planResolve(inventory, "1", "applied")).toMatchObject({ version: "0001", to: { as: "applied" } });
  });

  test("refuses a version that nobody knows, by the name it was given", () => {
    const refused = planResolve([], "0009", "applied");
    expect(refused).toMatchObject({ version: "0009", message: "0009 is neither in this build nor in the database" });
  });

  test("says in which state the migration is, and what the next run will do", () => {
    const manifest = manifestOfHistory([{ version: "1", shipped: true, recorded: null, edited: false }]);
    const sentence = (state: EntryState, as: ResolveAs) => {
      const entry = journalEntry({
        id: "1",
        version: "1",
        state,
        statementsDone: 3,
        finishedAt: "2024-06-01 09:00:00+00",
      });
      const resolution = planResolve(takeInventory(manifest, { entries: [entry], newestBatch: 1 }), "1", as);
      return "sentence" in resolution ? resolution.sentence : resolution.message;
    };
    expect(sentence("applied", "rolled_back")).toBe(
      "Records 1_migration as rolled back, without running its down. It is applied since 2024-06-01T09:00:00.000Z now; the next run applies it.",
    );
    expect(sentence("started", "applied")).toBe(
      "Records 1_migration as applied, without running it. It is started, 3 of its statements done now.",
    );
    expect(sentence("rolling_back", "applied")).toContain("half rolled back, 3 statements of its down done");
  });
});

test("as checksum lets a started migration go on with its file as it is now, statement by statement", () => {
  const manifest = manifestOf({ "1_a.up.sql": "-- hj:transaction off\nselect 1;\nselect 2;" });
  const entry = journalEntry({ id: "1", version: "1", state: "started", checksum: "of the file as it was" });
  const inventory = takeInventory(manifest, { entries: [entry], newestBatch: 1 });
  expect(planResolve(inventory, "1", "checksum")).toMatchObject({ version: "1", to: { as: "checksum" } });
});
