// Where a schema differs from what migrations make, and why.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ObjectKind, SchemaObject } from "../../../src/migration/schema-change.ts";
import { type Drift, driftOf, type Expectation } from "../../../src/schema/drift.ts";
import { applyChanges, changeBetween, keyOf, type Snapshot } from "../../../src/schema/snapshot.ts";

function object(kind: ObjectKind, of: string, name: string, definition = "", isValid = true): SchemaObject {
  return { kind, of, name, definition, isValid };
}

const TABLE = object("table", "", "a");
const ID = object("column", "a", "id", "integer not null");
const INDEX = object("index", "a", "a_id", "USING btree (id)");
const CHECK = object("constraint", "a", "a_check", "CHECK ((id > 0))");
const LATER = object("table", "", "b");
const LATER_ID = object("column", "b", "id", "integer");

const FIRST: Expectation = {
  version: "1",
  isApplied: true,
  change: { sets: [TABLE, ID, INDEX, CHECK], removes: [] },
};
const SECOND: Expectation = { version: "2", isApplied: false, change: { sets: [LATER, LATER_ID], removes: [] } };
const LIVE: Snapshot = [TABLE, ID, INDEX, CHECK];

/** `missing index a_id (dropped, 1)`. */
function told(drift: readonly Drift[]): string[] {
  return drift.map(({ kind, object: { kind: what, name }, because, version, level }) =>
    [kind, level === "error" ? null : level, what, name, because ?? "-", version ?? "-"]
      .filter((part) => part !== null)
      .join(" "),
  );
}

const drift = (live: Snapshot, expectations: readonly Expectation[] = [FIRST], isAhead = false) =>
  told(driftOf(expectations, live, isAhead));

describe("driftOf", () => {
  test("finds nothing where all is as it should be", () => {
    expect(drift(LIVE)).toEqual([]);
  });

  test("says what is missing because its migration is pending, and does not list what belongs to a missing table", () => {
    expect(drift(LIVE, [FIRST, SECOND])).toEqual(["missing table b pending 2"]);
    expect(drift([], [FIRST, SECOND])).toEqual(["missing table a dropped 1", "missing table b pending 2"]);
  });

  test("says what somebody dropped, with the migration that brings it", () => {
    expect(drift([TABLE, ID, CHECK])).toEqual(["missing index a_id dropped 1"]);
  });

  test("finds an invalid index and a constraint that was not validated, but not where that is expected", () => {
    const invalid = [TABLE, ID, { ...INDEX, isValid: false }, { ...CHECK, isValid: false }];
    expect(drift(invalid)).toEqual(["invalid constraint a_check - 1", "invalid index a_id - 1"]);
    const asBrought = { ...FIRST, change: { sets: invalid, removes: [] } };
    expect(drift(invalid, [asBrought])).toEqual([]);
    expect(drift(LIVE, [asBrought])).toEqual([]);
  });

  test("shows both definitions of what is different", () => {
    const live = [TABLE, { ...ID, definition: "bigint" }, INDEX, CHECK];
    expect(driftOf([FIRST], live, false)).toEqual([
      {
        kind: "different",
        level: "error",
        object: { kind: "column", of: "a", name: "id" },
        version: "1",
        expected: "integer not null",
        found: "bigint",
      },
    ]);
  });

  test("warns of what is only printed differently after a dump and restore", () => {
    const before = "CHECK (((n)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])))";
    const after = "CHECK (((n)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text])))";
    const first = { ...FIRST, change: { sets: [TABLE, { ...CHECK, definition: before }], removes: [] } };
    expect(drift([TABLE, { ...CHECK, definition: after }], [first])).toEqual([
      "different warning constraint a_check - 1",
    ]);
    const other = after.replace("'b'", "'c'");
    expect(drift([TABLE, { ...CHECK, definition: other }], [first])).toEqual(["different constraint a_check - 1"]);
  });

  test("tells of what no migration made, but not of what belongs to a table that none made", () => {
    const extra = [object("table", "", "x"), object("column", "x", "id", "integer"), object("index", "a", "x_a")];
    expect(drift([...LIVE, ...extra])).toEqual([
      "unexpected information table x - -",
      "unexpected information index x_a - -",
    ]);
  });

  test("calls nothing an error that a newer build may have done", () => {
    const live = [TABLE, { ...ID, definition: "bigint not null" }, object("table", "", "newer")];
    expect(drift(live, [FIRST], true)).toEqual([
      "missing warning constraint a_check unknown 1",
      "missing warning index a_id unknown 1",
      "different warning column id - 1",
    ]);
  });

  test("does not miss what a later migration removed", () => {
    const removes = [{ kind: "index", of: "a", name: "a_id" } as const];
    const second = { version: "2", isApplied: true, change: { sets: [], removes } };
    expect(drift([TABLE, ID, CHECK], [FIRST, second])).toEqual([]);
  });
});

const name = fc.constantFrom("a", "b", "c", 'q"x', "ž");
const anyObject = fc.record({
  kind: fc.constantFrom<ObjectKind>("table", "column", "index", "enum"),
  of: fc.constantFrom("", "a"),
  name,
  definition: fc.constantFrom("", "x", "y"),
  isValid: fc.boolean(),
});
const snapshot = fc
  .uniqueArray(anyObject, { selector: keyOf, maxLength: 12 })
  .map((objects) => applyChanges([{ sets: objects, removes: [] }]));

describe("changes", () => {
  test("lead from any snapshot to any other, one after the other", () => {
    fc.assert(
      fc.property(fc.array(snapshot, { maxLength: 5 }), (snapshots) => {
        const changes = snapshots.map((after, index) => changeBetween(snapshots[index - 1] ?? [], after));
        expect(applyChanges(changes)).toEqual(snapshots.at(-1) ?? []);
      }),
    );
  });

  test("are empty between equal snapshots", () => {
    fc.assert(
      fc.property(snapshot, (any) => {
        expect(changeBetween(any, any)).toEqual({ sets: [], removes: [] });
      }),
    );
  });

  test("make drift of exactly what they differ in", () => {
    fc.assert(
      fc.property(snapshot, (any) => {
        const all = { version: "1", isApplied: true, change: { sets: any, removes: [] } };
        expect(driftOf([all], any, false)).toEqual([]);
      }),
    );
  });
});
