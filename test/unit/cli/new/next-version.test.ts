import { describe, expect, test } from "vitest";
import { nextVersions, suffixesOf } from "../../../../src/cli/new/next-version.ts";
import { type FileName, parseFileName } from "../../../../src/migration/file-name.ts";

function names(...files: readonly string[]): readonly FileName[] {
  return files.map((file) => parseFileName(file)) as readonly FileName[];
}

describe("the next versions", () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ["an empty directory", [], ["20240601_001", "20240601_002"]],
    ["an older day", ["20240531_007_a.up.sql"], ["20240601_001", "20240601_002"]],
    ["the same day", ["20240601_001_a.up.sql", "20240601_009_b.up.sql"], ["20240601_010", "20240601_011"]],
    ["a day to come", ["20250101_001_a.up.sql"], ["20250101_002", "20250101_003"]],
    ["digits", ["0042_a.sql", "0007_b.sql"], ["0043", "0044"]],
    ["digits that grow", ["9_a.sql"], ["10", "11"]],
    [
      "more digits than a number holds",
      ["20240601093000123456_a.sql"],
      ["20240601093000123457", "20240601093000123458"],
    ],
  ])("behind %s follow its form", (_what, files, expected) => {
    expect(nextVersions(names(...files), "20240601", 2)).toEqual(expected);
  });

  test("are none where the day has no number left", () => {
    expect(nextVersions(names("20240601_998_a.up.sql"), "20240601", 1)).toEqual(["20240601_999"]);
    expect(nextVersions(names("20240601_998_a.up.sql"), "20240601", 2)).toBeNull();
  });
});

test("files end as those do that are there", () => {
  expect(suffixesOf(names("1_a_up.sql", "1_a_down.sql"))).toEqual({ up: "_up.sql", down: "_down.sql" });
  expect(suffixesOf(names("1_a.up.sql"))).toEqual({ up: ".up.sql", down: ".down.sql" });
  expect(suffixesOf([])).toEqual({ up: ".up.sql", down: ".down.sql" });
});
