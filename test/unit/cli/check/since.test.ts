import { describe, expect, test } from "vitest";
import { since } from "../../../../src/cli/check/since.ts";
import { manifestOf } from "../../../support/manifest.ts";

const OLD = { "0001_a.up.sql": "select 1;", "0001_a.down.sql": "select 2;", "0003_c.up.sql": "select 3;" };

function sinceOld(now: Readonly<Record<string, string>>, isShared = (_file: string) => true) {
  const before = Object.entries(OLD).map(([file, sql]) => ({ file, sql, isShared: isShared(file) }));
  const { fresh, problems } = since(manifestOf(now).migrations, before);
  return { fresh: fresh.map(({ version }) => version), problems: problems.map(({ code, file }) => [code, file]) };
}

describe("since an earlier state", () => {
  test("only what was added is new", () => {
    expect(sinceOld({ ...OLD, "0004_d.up.sql": "select 4;" })).toEqual({ fresh: ["0004"], problems: [] });
  });

  test("nothing is new when nothing was added", () => {
    expect(sinceOld(OLD)).toEqual({ fresh: [], problems: [] });
  });

  test("a migration that was edited is a problem, because databases that have it refuse the next run", () => {
    expect(sinceOld({ ...OLD, "0003_c.up.sql": "select 33;" })).toEqual({
      fresh: [],
      problems: [["CHECKSUM_CHANGED", "0003_c.up.sql"]],
    });
  });

  test.each([
    ["a waiver", { "0003_c.up.sql": "-- hj:allow drop-table a gone\nselect 3;" }],
    ["a down", { "0003_c.down.sql": "select 4;" }],
    ["another down", { "0001_a.down.sql": "select 5;" }],
  ])("%s that was added is no edit", (_what, added) => {
    expect(sinceOld({ ...OLD, ...added }).problems).toEqual([]);
  });

  test("a migration that was removed is a problem", () => {
    expect(sinceOld({ "0001_a.up.sql": "select 1;" }).problems).toEqual([["MIGRATION_MISSING", "0003_c.up.sql"]]);
  });

  test("one that came after the histories parted was not removed, and what is older than it is late all the same", () => {
    const now = { "0001_a.up.sql": "select 1;", "0002_b.up.sql": "select 2;" };
    expect(sinceOld(now, (file) => !file.startsWith("0003"))).toEqual({
      fresh: ["0002"],
      problems: [["OUT_OF_ORDER", "0002_b.up.sql"]],
    });
  });

  test("a version that was only spelt anew is the same migration", () => {
    expect(sinceOld({ "1_a.up.sql": "select 1;", "3_c.up.sql": "select 3;" })).toEqual({ fresh: [], problems: [] });
  });

  test("a new one below the newest would be out of order, unless it is a contract migration", () => {
    expect(sinceOld({ ...OLD, "0002_b.up.sql": "select 2;" })).toEqual({
      fresh: ["0002"],
      problems: [["OUT_OF_ORDER", "0002_b.up.sql"]],
    });
    const contract = "-- hj:phase contract after 0001\nselect 2;";
    expect(sinceOld({ ...OLD, "0002_b.up.sql": contract })).toEqual({ fresh: ["0002"], problems: [] });
  });
});
