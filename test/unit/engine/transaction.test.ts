import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ServerError } from "../../../src/engine/message.ts";
import { composeTransaction, errorOffset } from "../../../src/engine/transaction.ts";

const HEAD = ["set local lock_timeout = 500", "select '🔑'"];

function errorAt(position: number | undefined): ServerError {
  const error = Object.assign(new Error("syntax error"), { severity: "ERROR", code: "42601" });
  return position === undefined ? error : Object.assign(error, { position: String(position) });
}

/** Where PostgreSQL would say that `token` is: counted from 1, in code points of the whole message. */
function positionOf(sql: string, token: string): number {
  return [...sql.slice(0, sql.indexOf(token))].length + 1;
}

describe("composeTransaction", () => {
  test("puts everything into one transaction, whatever the role's defaults are", () => {
    const { sql, headStatements, tailStatements } = composeTransaction(HEAD, "create table a ()", ["select 1"]);
    expect(sql).toBe(
      [
        "begin isolation level read committed read write;",
        "set local lock_timeout = 500;",
        "select '🔑';",
        "create table a ()",
        ";select 1;",
        "commit",
      ].join("\n"),
    );
    expect([headStatements, tailStatements]).toEqual([3, 1]);
  });

  test("keeps a comment at the end of a body from swallowing what follows", () => {
    const { sql } = composeTransaction([], "select 1 -- why", []);
    expect(sql.split("\n").slice(-2)).toEqual(["select 1 -- why", ";commit"]);
  });

  test("says how many code points stand before the body", () => {
    const { sql, headLength } = composeTransaction(HEAD, "create table a ()", []);
    expect([...sql].slice(headLength, headLength + 17).join("")).toBe("create table a ()");
  });
});

describe("errorOffset", () => {
  test.each([
    ["at its start", "oops;"],
    ["behind characters outside the basic plane", "select '🔑🔑';\r\nselect oops;"],
    ["behind characters of several bytes", "select 'é€'; oops"],
  ])("finds an error in the body again, %s", (_where, body) => {
    const transaction = composeTransaction(HEAD, body, ["select 1"]);
    const error = errorAt(positionOf(transaction.sql, "oops"));
    expect(errorOffset(transaction, body, error)).toBe(body.indexOf("oops"));
  });

  test("finds none in the body when the error is before it, behind it, or nowhere", () => {
    const body = "select 'é🔑'";
    const transaction = composeTransaction(HEAD, body, ["select tail"]);
    expect(errorOffset(transaction, body, errorAt(1))).toBeNull();
    expect(errorOffset(transaction, body, errorAt(positionOf(transaction.sql, "set local")))).toBeNull();
    expect(errorOffset(transaction, body, errorAt(positionOf(transaction.sql, "tail")))).toBeNull();
    expect(errorOffset(transaction, body, errorAt(undefined))).toBeNull();
  });

  test("finds every position of every body", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1 }).filter((some) => some.isWellFormed());
    fc.assert(
      fc.property(text, fc.nat(), (body, index) => {
        const characters = [...body];
        const at = index % characters.length;
        const transaction = composeTransaction(HEAD, body, []);
        const offset = errorOffset(transaction, body, errorAt(transaction.headLength + at + 1));
        expect(offset).toBe(characters.slice(0, at).join("").length);
      }),
    );
  });
});
