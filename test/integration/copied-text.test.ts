// What the server writes for COPY TO STDOUT, read again, is what it was given.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { copiedRows } from "../../src/engine/copied-text.ts";
import { send } from "../../src/engine/message.ts";
import { literal } from "../../src/engine/quote.ts";
import { postgresVersions } from "../support/database.ts";
import { openSession } from "../support/workplace.ts";

/** All that the format has an escape for, what looks like one, and text of more than one byte a character. */
const PIECES = ["\\", "N", "\t", "\n", "\r", "\b", "\f", "\v", "b", "n", ".", " ", "'", "é", "😀", "\u0001"];

const values = fc.array(
  fc.option(fc.array(fc.constantFrom(...PIECES), { maxLength: 6 }).map((text) => text.join(""))),
  {
    minLength: 1,
    maxLength: 4,
  },
);

describe.each(postgresVersions)("rows that PostgreSQL $version copies", ({ url }) => {
  it("are read as what they are, whatever text or NULL is in them", async () => {
    const session = await openSession(url);
    await fc.assert(
      fc.asyncProperty(fc.array(values, { minLength: 1, maxLength: 3 }), async (rows) => {
        const width = Math.max(...rows.map((row) => row.length));
        const table = rows.map((row) => Array.from({ length: width }, (_, column) => row[column] ?? null));
        const lists = table.map(
          (row, index) => `(${index}, ${row.map((value) => `${literal(value)}::text`).join(", ")})`,
        );
        const names = Array.from({ length: width }, (_, column) => `c${column}`);
        const sql = `copy (select ${names.join(", ")} from (values ${lists.join(", ")}) as t (at, ${names.join(", ")}) order by at) to stdout`;
        const { copied, error } = await send(session, sql);
        expect(error).toBeNull();
        expect(copiedRows(copied)).toEqual(table);
      }),
      { numRuns: 300 },
    );
  });

  it("are all there where they come in many pieces, and beside the rows of other statements", async () => {
    const session = await openSession(url);
    const text = "'é' || repeat('x', n % 1000)";
    const { completed, copied } = await send(
      session,
      `select 1 as one; copy (select n, ${text} from generate_series(1, 5000) as n) to stdout; select 2 as two`,
    );
    expect(completed).toEqual([[{ one: "1" }], [], [{ two: "2" }]]);
    const expected = Array.from({ length: 5_000 }, (_, index) => [
      `${index + 1}`,
      `é${"x".repeat((index + 1) % 1_000)}`,
    ]);
    expect(copiedRows(copied)).toEqual(expected);
  });
});
