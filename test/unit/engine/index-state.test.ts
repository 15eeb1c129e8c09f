import { beforeAll, describe, expect, test } from "vitest";
import { loadParser, parseSql } from "../../../src/build/parse-sql.ts";
import {
  decodeIndexState,
  dropIndexStatement,
  existingIndexesStatement,
  indexStateStatement,
  invalidIndexesStatement,
  reindexLeftoversStatement,
} from "../../../src/engine/index-state.ts";

beforeAll(loadParser);

const HOSTILE = { schema: 'Au"th', name: "it's; drop table account; --" };

describe("decodeIndexState", () => {
  test.each(["valid", "invalid", "other_table"])("reads %s", (state) => {
    expect(decodeIndexState([{ state }])).toBe(state);
  });

  test.each([[undefined], [[]]])("takes %j for an index that is absent", (rows) => {
    expect(decodeIndexState(rows)).toBe("absent");
  });
});

describe("a statement about an index", () => {
  test.each([
    ["its state", indexStateStatement(HOSTILE, HOSTILE)],
    ["its removal", dropIndexStatement(HOSTILE)],
    ["its existence", existingIndexesStatement([HOSTILE, HOSTILE])],
    ["a reindex of it", reindexLeftoversStatement({ of: "index", name: HOSTILE, hasOptions: false })],
    ["a reindex of a table", reindexLeftoversStatement({ of: "table", name: HOSTILE, hasOptions: false })],
    ["a reindex of a schema", reindexLeftoversStatement({ of: "schema", schema: HOSTILE.name })],
    ["its validity", invalidIndexesStatement({ of: "index", name: HOSTILE, hasOptions: false })],
  ])("for %s stays one statement, whatever the names", (_what, sql) => {
    expect(parseSql(sql)).toHaveLength(1);
  });

  test("removes it without holding anybody up, and says so when it is not there", () => {
    expect(dropIndexStatement({ schema: null, name: "i" })).toBe('drop index concurrently "i"');
    expect(dropIndexStatement({ schema: "auth", name: "i" })).toBe('drop index concurrently "auth"."i"');
  });

  test("looks for it where its table is", () => {
    const sql = indexStateStatement({ schema: null, name: "i" }, { schema: null, name: "t" });
    expect(sql).toContain("c.relname = 'i'");
    expect(sql).toContain(`relnamespace from pg_class where oid = to_regclass('"t"')`);
  });

  test("asks for every name at once", () => {
    const names = [
      { schema: null, name: "i" },
      { schema: "auth", name: "j" },
    ];
    expect(existingIndexesStatement(names)).toContain(`in (to_regclass('"i"'), to_regclass('"auth"."j"'))`);
  });
});
