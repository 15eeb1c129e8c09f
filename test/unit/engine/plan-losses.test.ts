// Whether a rollback may lose what it would lose, and the words for it.
import { describe, expect, test } from "vitest";
import { lossIn, nameOf } from "../../../src/engine/describe-losses.ts";
import type { FoundTable } from "../../../src/engine/loss-statements.ts";
import { chosen, type Judgement, judgeLosses, type Loss } from "../../../src/engine/plan-losses.ts";
import type { Sweep, SweptTable } from "../../../src/engine/sweep.ts";

const EMPTY: Sweep = { tables: [], columns: [], calls: [], unseen: [], unknown: [] };
const ORIGIN = { step: 0, version: "2", migration: "2_session" };

function loss(differences: Partial<Loss> = {}): Loss {
  const where = { schema: "app", table: "session", column: null, oid: "1", estimate: 0 };
  return { ...ORIGIN, verb: "drop", ...where, held: { count: 3 }, ...differences };
}

function judge(losses: readonly Loss[], allowed: readonly string[] = [], sweep = EMPTY, isIdleFine = false): Judgement {
  return judgeLosses(sweep, { losses, foreignCalls: [] }, allowed, { schema: "app", isIdleFine });
}

describe("a loss is told", () => {
  test.each<[Partial<Loss>, string]>([
    [{}, "would drop the table session, which holds 3 rows"],
    [{ held: { count: 1 } }, "would drop the table session, which holds 1 row"],
    [{ verb: "empty" }, "would empty the table session, which holds 3 rows"],
    [{ column: "token" }, "would drop the column session.token, which holds 3 values"],
    [{ column: "token", held: { count: 1 } }, "would drop the column session.token, which holds 1 value"],
    [{ held: { count: 10_000 } }, "would drop the table session, which holds 10,000 rows"],
    [{ held: { count: 10_001 } }, "would drop the table session, which holds more than 10,000 rows"],
    [{ held: { count: 10_001 }, estimate: 9_000 }, "would drop the table session, which holds more than 10,000 rows"],
    [
      { held: { count: 10_001 }, estimate: 1_234_567 },
      "would drop the table session, which holds more than 10,000 rows (about 1,234,567 by the server's last estimate)",
    ],
    [
      { held: { uncounted: "permission denied", isLocked: false } },
      "would drop the table session, and what it holds could not be counted: permission denied",
    ],
    [{ table: "a\u001b[2Jb" }, String.raw`would drop the table "\"a\u001b[2Jb\"", which holds 3 rows`],
  ])("%j", (differences, text) => {
    expect(lossIn("would", loss(differences), "app").message).toBe(`rolling back 2_session ${text}`);
  });

  test("as done, or as perhaps done", () => {
    expect(lossIn("did", loss(), "app").message).toBe(
      "rolling back 2_session dropped the table session, which held 3 rows",
    );
    expect(lossIn("may", loss({ verb: "empty" }), "app").message).toBe(
      "rolling back 2_session may have emptied the table session, which held 3 rows",
    );
  });

  test.each([
    [{ schema: "app", table: "session", column: null }, "session"],
    [{ schema: "app", table: "session", column: "token" }, "session.token"],
    [{ schema: "other", table: "session", column: "token" }, "other.session.token"],
    [{ schema: "app", table: "a.b", column: null }, '"a.b"'],
    [{ schema: "app", table: "Session", column: 'say "hi"' }, '"Session"."say ""hi"""'],
  ])("by a name that nothing else has: %j", (object, name) => {
    expect(nameOf(object, "app")).toBe(name);
  });
});

describe("judgeLosses", () => {
  test("refuses each loss that is not named, with the words that allow it", () => {
    expect(judge([loss(), loss({ column: "token" })], ["session.token"]).problems).toEqual([
      {
        code: "DATA_LOSS",
        version: "2",
        message: "rolling back 2_session would drop the table session, which holds 3 rows",
        hint: 'If it may be lost, name it: --allow-data-loss session, or in an event "allowDataLoss": ["session"]. Else roll the code back and leave the schema. All of it: --allow-data-loss session session.token, or in an event "allowDataLoss": ["session", "session.token"].',
      },
    ]);
  });

  test("has nothing against losses that are all named, and says what they are", () => {
    const losses = [loss(), loss({ table: "device", held: { uncounted: "no", isLocked: false } })];
    expect(judge(losses, ["device", "session"])).toEqual({ problems: [], warnings: [], lost: losses });
  });

  test("takes what holds nothing for no loss", () => {
    expect(judge([loss({ held: { count: 0 } })])).toEqual({ problems: [], warnings: [], lost: [] });
  });

  test("takes what could not be counted for a loss", () => {
    expect(judge([loss({ held: { uncounted: "no", isLocked: false } })]).problems).toMatchObject([
      { code: "DATA_LOSS" },
    ]);
  });

  test.each(["sesion", "session.token", "app.session", "SESSION", "2_session", "2", ""])(
    "refuses the name %j, of which nothing is lost",
    (name) => {
      expect(judge([loss()], ["session", name]).problems).toEqual([
        {
          code: "INVALID_EVENT",
          field: "allowDataLoss",
          message: `names ${JSON.stringify(name)}, of which this rollback loses nothing`,
          hint: "Remove it, or correct the name.",
        },
      ]);
      expect(judge([loss()], ["session", name], EMPTY, true).problems).toEqual([]);
    },
  );

  test("refuses the name of a table that is empty", () => {
    expect(judge([loss({ held: { count: 0 } })], ["session"]).problems).toMatchObject([{ code: "INVALID_EVENT" }]);
  });

  test("writes names so that a shell passes them on, and not at all where a terminal would obey them", () => {
    const hintOf = (table: string) => judge([loss({ table })]).problems[0]?.hint;
    expect(hintOf("it's; rm -rf")).toContain(String.raw`--allow-data-loss '"it'\''s; rm -rf"', or`);
    expect(hintOf("a\u001b[2Jb")).toContain(
      String.raw`If it may be lost, name it: in an event "allowDataLoss": ["\"a\u001b[2Jb\""]`,
    );
  });

  test("needs the migration's name where nobody knows what it discards, and no more than that", () => {
    const sweep: Sweep = { ...EMPTY, unknown: [ORIGIN] };
    expect(judge([], [], sweep).problems).toMatchObject([
      { code: "DATA_LOSS", version: "2", hint: expect.stringContaining("--allow-data-loss 2_session,") },
    ]);
    for (const name of ["2_session", "2", "0002"]) {
      expect(judge([], [name], sweep)).toMatchObject({
        problems: [],
        warnings: [{ code: "DATA_LOSS_UNSEEN", version: "2" }],
      });
    }
    expect(judge([loss()], ["2_session"], sweep).problems).toMatchObject([{ code: "DATA_LOSS" }]);
  });

  test("warns once of each migration with what it cannot look into", () => {
    const other = { step: 1, version: "1", migration: "1_a" };
    const sweep: Sweep = {
      ...EMPTY,
      calls: [
        { ...ORIGIN, function: { schema: null, name: "now" } },
        { ...ORIGIN, function: { schema: "s", name: "cleanup" } },
      ],
      unseen: [
        { ...other, what: "CALL" },
        { ...ORIGIN, what: "a DO block" },
        { ...ORIGIN, what: "a DO block" },
      ],
    };
    const { warnings } = judgeLosses(sweep, { losses: [], foreignCalls: [1] }, [], {
      schema: "app",
      isIdleFine: false,
    });
    expect(warnings.map(({ version, message }) => [version, message.split("by it: ")[1]])).toEqual([
      ["2", "a DO block, cleanup()"],
      ["1", "CALL"],
    ]);
  });
});

describe("chosen", () => {
  const swept = (differences: Partial<SweptTable> = {}): SweptTable => {
    return { ...ORIGIN, verb: "drop", schema: "app", name: "a", spared: [], reach: "only", ...differences };
  };
  const found = (number: number, oid: string, differences: Partial<FoundTable> = {}): FoundTable => {
    return { number, oid, schema: "app", name: `t${oid}`, estimate: 0, ancestors: [], ...differences };
  };
  const names = (sweep: Partial<Sweep>, tables: readonly FoundTable[], columns: readonly [number, string][] = []) =>
    chosen({ ...EMPTY, ...sweep }, { tables, columns: columns.map(([number, oid]) => ({ number, oid })) }).map(
      ({ verb, table, column }) => `${verb} ${table}${column === null ? "" : `.${column}`}`,
    );
  const column = (name: string, step = 0) => ({ ...ORIGIN, step, schema: "app", table: "t1", column: name });

  test("has a table once, and as dropped where it is dropped at last", () => {
    const tables = [swept({ verb: "empty" }), swept(), swept({ verb: "empty" })];
    expect(names({ tables }, [found(0, "1"), found(1, "1"), found(2, "1")])).toEqual(["drop t1"]);
  });

  test("has no column beside its table, whichever goes first", () => {
    expect(names({ tables: [swept()], columns: [column("x")] }, [found(0, "1")], [[0, "1"]])).toEqual(["drop t1"]);
    expect(names({ tables: [swept()], columns: [column("x")] }, [found(0, "2")], [[0, "1"]])).toEqual([
      "drop t2",
      "drop t1.x",
    ]);
  });

  test("has no partition beside what it is a part of", () => {
    const tables = [swept(), swept()];
    expect(names({ tables }, [found(0, "2", { ancestors: ["9", "1"] }), found(1, "1")])).toEqual(["drop t1"]);
    expect(names({ tables }, [found(0, "2", { ancestors: ["1"] })])).toEqual(["drop t2"]);
  });

  test("spares what has left a schema before that is dropped", () => {
    expect(names({ tables: [swept({ name: null, spared: ["t1"] })] }, [found(0, "1"), found(0, "2")])).toEqual([
      "drop t2",
    ]);
  });

  test("goes in the order of the rollback", () => {
    const sweep = { tables: [swept({ step: 1 })], columns: [column("x", 0), column("x", 0)] };
    expect(
      names(
        sweep,
        [found(0, "2")],
        [
          [0, "1"],
          [1, "1"],
        ],
      ),
    ).toEqual(["drop t1.x", "drop t2"]);
  });
});
