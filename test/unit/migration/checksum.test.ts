import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checksum } from "../../../src/migration/checksum.ts";

const SQL = "create table account (\n  id bigint primary key\n);\n\ncreate index on account (id);";
const line = fc.constantFrom(
  "select 1;",
  "  -- a comment",
  "",
  "insert into t values ('a  b');",
  "-- hj, no directive",
);
const lines = fc.array(line, { minLength: 1, maxLength: 8 }).map((some) => [...some, "select 2;"]);

describe("checksum", () => {
  test("is the SHA-256 of the text, in hex, so that every build agrees with every journal", () => {
    expect(checksum(SQL)).toBe(createHash("sha256").update(SQL).digest("hex"));
  });

  test.each([
    ["CRLF", SQL.replaceAll("\n", "\r\n")],
    ["CR", SQL.replaceAll("\n", "\r")],
    ["a byte-order mark", `\uFEFF${SQL}`],
    ["a last line end", `${SQL}\n`],
    ["blank lines at the end", `${SQL}\n\n  \n\t\r\n`],
    ["a directive", `-- hj:timeout 5m\n${SQL}`],
    ["a directive that this build does not know", `  --hj:allow rule account because\n${SQL}`],
    ["several directives and a byte-order mark", `\uFEFF-- hj:transaction off\r\n-- hj:timeout 5m\r\n${SQL}`],
  ])("stays the same with %s", (_what, sql) => {
    expect(checksum(sql)).toBe(checksum(SQL));
  });

  test.each([
    ["a comment", `-- Accounts.\n${SQL}`],
    ["a blank line at the start", `\n${SQL}`],
    ["a blank line in the middle", SQL.replace("\n\n", "\n\n\n")],
    ["another indentation", SQL.replace("  id", "    id")],
    ["a space at the end of a line", SQL.replace("(\n", "( \n")],
    ["a space at the end of the last line", `${SQL} `],
    ["a no-break space at the end of the last line", `${SQL}\u00A0`],
    ["another case", SQL.toUpperCase()],
    ["a second byte-order mark", `\uFEFF\uFEFF${SQL}`],
    ["a directive's text behind a statement", `${SQL} -- hj:timeout 5m`],
  ])("changes with %s", (_what, sql) => {
    expect(checksum(sql)).not.toBe(checksum(SQL));
  });

  test("stays the same however lines end and wherever directives are put in", () => {
    const ends = fc.constantFrom("\n", "\r\n", "\r");
    const directive = fc.constantFrom("-- hj:timeout 5m", "--hj:transaction off", "\t-- hj:whatever comes later");
    fc.assert(
      fc.property(lines, ends, directive, fc.nat(), fc.nat(3), fc.boolean(), (some, end, added, at, blank, bom) => {
        const changed = some.toSpliced(at % (some.length + 1), 0, added);
        const sql = (bom ? "\uFEFF" : "") + changed.join(end) + end.repeat(blank);
        expect(checksum(sql)).toBe(checksum(some.join("\n")));
      }),
    );
  });

  test("changes whenever a line that is no directive is put in before the last one", () => {
    fc.assert(
      fc.property(lines, line, fc.nat(), (some, added, at) => {
        const changed = some.toSpliced(at % some.length, 0, added);
        expect(checksum(changed.join("\n"))).not.toBe(checksum(some.join("\n")));
      }),
    );
  });
});
