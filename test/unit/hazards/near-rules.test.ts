import { expect, test } from "vitest";
import { nearRules } from "../../../src/hazards/near-rules.ts";
import { RULES } from "../../../src/hazards/rules.ts";

test.each([
  ["creat-index", ["create-index", "create-index-if-not-exists"]],
  ["drop-columns", ["drop-column"]],
  ["Drop Table", ["drop-table"]],
  ["not-null", ["add-column-not-null", "drop-not-null", "set-not-null"]],
  ["nonsense", []],
  ["", []],
])("%j may have been meant to be %j", (id, expected) => {
  expect(
    nearRules(
      id,
      RULES.map((rule) => rule.id),
    ),
  ).toEqual(expected);
});
