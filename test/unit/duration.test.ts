import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatDuration, parseDuration } from "../../src/duration.ts";

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const DAY_MS = 24 * UNITS.h;

describe("parseDuration", () => {
  test.each([
    ["90s", 90_000],
    ["5m", 300_000],
    ["1h30m", 5_400_000],
    ["250ms", 250],
    ["1m1m", 120_000],
    ["0h0m1ms", 1],
    ["24h", DAY_MS],
    ["86400000ms", DAY_MS],
  ])("reads %j", (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  test.each([
    ["no text", ""],
    ["no unit", "5"],
    ["no number", "m"],
    ["nothing in it", "0s"],
    ["a millisecond more than a day", "24h1ms"],
    ["a sign", "-5m"],
    ["a fraction", "1.5h"],
    ["an exponent", "1e3s"],
    ["a space in it", "5 m"],
    ["a space around it", " 5m"],
    ["a line end behind it", "5m\n"],
    ["a capital unit", "5M"],
    ["a unit that a deploy has no use for", "1d"],
    ["words", "1 hour or so"],
    ["digits of another script", "٣m"],
    ["more characters than any duration needs", `${"0".repeat(40)}5m`],
    ["a million digits", `${"9".repeat(1_000_000)}m`],
  ])("refuses %s", (_fault, text) => {
    expect(parseDuration(text)).toBeNull();
  });

  test("reads any sum of numbers with units, up to a day", () => {
    const part = fc.record({ number: fc.nat(100_000), unit: fc.constantFrom("ms", "s", "m", "h") });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), (parts) => {
        const total = parts.reduce((sum, { number, unit }) => sum + number * UNITS[unit], 0);
        const text = parts.map(({ number, unit }) => `${number}${unit}`).join("");
        expect(parseDuration(text)).toBe(total > 0 && total <= DAY_MS ? total : null);
      }),
    );
  });

  test("refuses whatever has another character than digits and units", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        fc.pre(!/^(?:\d+(?:ms|s|m|h))+$/.test(text));
        expect(parseDuration(text)).toBeNull();
      }),
    );
  });
});

describe("formatDuration", () => {
  test.each([
    [0, "0ms"],
    [234, "234ms"],
    [999, "999ms"],
    [1000, "1s"],
    [1234, "1.2s"],
    [9_400, "9.4s"],
    [10_000, "10s"],
    [59_499, "59s"],
    [59_500, "1m"],
    [303_000, "5m 3s"],
    [3_599_499, "59m 59s"],
    [3_599_500, "1h"],
    [5_400_000, "1h 30m"],
    [DAY_MS, "24h"],
  ])("shows %i ms as %s", (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  test("rounds parts of a millisecond away", () => {
    expect(formatDuration(11.6)).toBe("12ms");
  });
});
