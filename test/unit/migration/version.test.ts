import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalVersion, compareVersions } from "../../../src/migration/version.ts";

const digits = fc.stringMatching(/^\d{1,32}$/);
const version = fc.oneof(digits, fc.stringMatching(/^\d{8}_\d{3}$/), fc.constantFrom("0", "00", "1", "01", "1_000"));

describe("compareVersions", () => {
  test.each([
    ["9", "10"],
    ["0009", "10"],
    ["20240601_002", "20240601_010"],
    ["20240601_999", "20240602_000"],
    ["20240601", "20240601_001"],
    ["9007199254740992", "9007199254740993"],
    ["99999999999999999999", "100000000000000000000"],
    ["42", "20240601_001"],
    ["1_2_33", "1_22_3"],
    ["01_2", "1_03"],
  ])("puts %s before %s", (older, newer) => {
    expect(compareVersions(older, newer)).toBeLessThan(0);
    expect(compareVersions(newer, older)).toBeGreaterThan(0);
  });

  test.each([
    ["1", "0001"],
    ["0", "000"],
    ["20240601", "20240601_000"],
  ])("takes %s and %s for the same", (left, right) => {
    expect(compareVersions(left, right)).toBe(0);
    expect(compareVersions(right, left)).toBe(0);
  });

  test("agrees with numbers of any size", () => {
    fc.assert(
      fc.property(digits, digits, (left, right) => {
        const difference = BigInt(left) - BigInt(right);
        expect(Math.sign(compareVersions(left, right))).toBe(difference < 0n ? -1 : difference > 0n ? 1 : 0);
      }),
    );
  });

  test("is a total order", () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(compareVersions(a, a)).toBe(0);
        // Not -sign: that makes -0 of 0, which toBe tells apart.
        expect(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a))).toBe(0);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) {
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });
});

describe("canonicalVersion", () => {
  test.each([
    ["0001", "1"],
    ["20240601_000", "20240601"],
    ["0_001", "000_1"],
    ["0", "00_000"],
  ])("is one text for %s and %s", (left, right) => {
    expect(canonicalVersion(left)).toBe(canonicalVersion(right));
  });

  test("is the same exactly for what compares as equal", () => {
    fc.assert(
      fc.property(version, version, (a, b) => {
        expect(canonicalVersion(a) === canonicalVersion(b)).toBe(compareVersions(a, b) === 0);
        expect(compareVersions(canonicalVersion(a), a)).toBe(0);
      }),
    );
  });
});
