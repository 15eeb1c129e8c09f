import { describe, expect, test } from "vitest";
import { loadParser } from "../../../src/build/parse-sql.ts";
import { strongest } from "../../../src/hazards/locks-of.ts";
import { findRule, RULES } from "../../../src/hazards/rules.ts";
import { hazardsOf, judgedExample } from "../../support/judged-example.ts";

await loadParser();

describe.each(RULES.map((rule) => [rule.id, rule] as const))("%s", (id, rule) => {
  test("finds its bad example, in the last file of it, and nothing else does", () => {
    const found = hazardsOf(rule.bad);
    expect(found.slice(0, -1).flat()).toEqual([]);
    const last = found.at(-1) ?? [];
    expect(last.length).toBeGreaterThan(0);
    expect(new Set(last.map((hazard) => hazard.split(" ")[0]))).toEqual(new Set([id]));
  });

  test("finds nothing in the good one, nor does any other rule", () => {
    expect(hazardsOf(rule.good).flat()).toEqual([]);
  });

  test("is foreseen to take the locks that it claims", () => {
    const last = strongest(judgedExample(rule.bad).judgements.at(-1)?.foreseen.locks.flat() ?? []);
    for (const { table, mode, work } of rule.locks) {
      expect(last).toContainEqual({ table: { schema: null, name: table }, mode, work });
    }
  });

  test("says in whole sentences why it hurts, and what to do instead", () => {
    expect(id).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
    expect(rule.title).toMatch(/^[A-Z].*[^.]$/);
    for (const text of [rule.why, rule.instead]) expect(text).toMatch(/^\S.*\.$/);
    for (const text of [rule.since, rule.breaksOldCode]) expect(text ?? "None.").toMatch(/^[A-Z].*\.$/);
    expect(findRule(id)).toBe(rule);
  });
});

test("no two rules have one id, because waivers name it", () => {
  expect(new Set(RULES.map(({ id }) => id)).size).toBe(RULES.length);
  expect(findRule("nonsense")).toBeNull();
});
