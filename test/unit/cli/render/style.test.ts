import { expect, test } from "vitest";
import { formatInstant } from "../../../../src/cli/render/style.ts";

test.each([
  ["2024-01-15T09:00:00.000Z", "2024-01-15 09:00:00"],
  ["2024-01-15T09:00:00.987Z", "2024-01-15 09:00:00"],
  ["2024-01-15T09:00:00Z", "2024-01-15 09:00:00"],
])("the instant %s is shown as %s, in UTC wherever it is read", (iso, text) => {
  expect(formatInstant(iso)).toBe(text);
});
