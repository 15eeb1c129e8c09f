import { expect, test } from "vitest";
import { fenced, withInsertions } from "../../../generate/insertions.ts";

const texts = new Map([["status", fenced("", "nothing pending\n")]]);

test("what stands between markers is replaced, the first time too, and nothing else", () => {
  const wanted = "before\n<!-- generated: status -->\n```\nnothing pending\n```\n<!-- end -->\nafter\n";
  for (const between of ["", "old\n", "```\nold\n```\n"]) {
    const document = `before\n<!-- generated: status -->\n${between}<!-- end -->\nafter\n`;
    expect(withInsertions(document, texts)).toBe(wanted);
  }
  expect(withInsertions(wanted, texts)).toBe(wanted);
});

test("a text that holds what replacements are written with is inserted as it is", () => {
  const document = "<!-- generated: status -->\n<!-- end -->";
  expect(withInsertions(document, new Map([["status", "$1 $& $$"]]))).toContain("$1 $& $$");
});

test("a name that nothing is known of is an error", () => {
  expect(() => withInsertions("<!-- generated: nonsense -->\n<!-- end -->", texts)).toThrow("nonsense");
});
