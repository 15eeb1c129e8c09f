// When a run looks at the schema behind it. What it finds there: test/integration/verify.test.ts.
import { expect, test } from "vitest";
import { takeInventory } from "../../../src/engine/inventory.ts";
import { EMPTY_JOURNAL } from "../../../src/engine/journal.ts";
import { finish, newDraft } from "../../../src/engine/report.ts";
import { verified } from "../../../src/engine/verify.ts";
import type { Work } from "../../../src/engine/work.ts";
import { entryOf, manifestOf } from "../../support/manifest.ts";

test("a run that has applied nothing does not ask what the migrations make of a schema", async () => {
  const manifest = manifestOf({ "0001_a.up.sql": "create table a ()" });
  const [migration] = manifest.migrations;
  if (migration === undefined) throw new TypeError("no migration");
  const unasked = Object.defineProperty({ ...migration }, "change", {
    get: () => {
      throw new Error("asked");
    },
  });
  const journal = { ...EMPTY_JOURNAL, entries: [entryOf(migration)] };
  const ids = { runId: "run", invocationId: "invocation" };
  const draft = newDraft({ command: "list", dryRun: false }, ids);
  draft.before = takeInventory({ ...manifest, migrations: [unasked] }, journal);
  const report = finish(draft, "up_to_date");
  expect(await verified({ draft, context: ids } as Work, report)).toBe(report);
});
