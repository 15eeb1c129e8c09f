// What holds of any file name, any directive, any version and any checksum.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile } from "../../../src/build/compile.ts";
import { loadParser } from "../../../src/build/parse-sql.ts";
import { formatDuration } from "../../../src/duration.ts";
import { checksum } from "../../../src/migration/checksum.ts";
import { parseDirectives } from "../../../src/migration/directives.ts";
import { parseFileName } from "../../../src/migration/file-name.ts";
import { compareVersions } from "../../../src/migration/version.ts";
import { order, version } from "../../support/histories.ts";

await loadParser();

const RUNS = { numRuns: 2_000 };

const letter = fc.constantFrom(..."abcxyzABZ0189éßžя漢𝒳");
const nameCharacter = fc.oneof({ weight: 4, arbitrary: letter }, fc.constantFrom("_", "-", "."));

/** Names that say nothing of a direction, and do not begin like the second half of a version. */
const name = fc
  .tuple(letter, fc.array(nameCharacter, { maxLength: 40 }))
  .map(([first, rest]) => first + rest.join(""))
  .filter((text) => !/(?:^|[._])(?:up|down)$/i.test(text) && !/^\d{3}(?:_|$)/.test(text));

/** The three styles, each with the direction it says. */
const style = fc.constantFrom(
  { suffix: ".up.sql", direction: "up" },
  { suffix: ".down.sql", direction: "down" },
  { suffix: "_up.sql", direction: "up" },
  { suffix: "_down.sql", direction: "down" },
  { suffix: ".sql", direction: "up" },
);

/** A text with one character replaced, removed, inserted or doubled. */
function mutated(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.nat(),
    kind: fc.constantFrom("replace", "remove", "insert", "double"),
    by: fc.oneof(
      fc.string({ unit: "binary", minLength: 1, maxLength: 3 }),
      fc.constantFrom(" ", "_", ".", "/", "\0", "\n", "\u2028", "\uFEFF"),
    ),
  });
  return fc.tuple(text, fc.array(change, { minLength: 1, maxLength: 4 })).map(([text, changes]) =>
    changes.reduce((changed, { at, kind, by }) => {
      const place = at % (changed.length + 1);
      const [head, tail] = [changed.slice(0, place), changed.slice(place)];
      if (kind === "replace") return head + by + tail.slice(1);
      if (kind === "remove") return head + tail.slice(1);
      return kind === "insert" ? head + by + tail : head + tail.slice(0, 1) + tail;
    }, text),
  );
}

describe("a file name", () => {
  test("that is put together from its parts comes apart into them, in each of the three styles", () => {
    fc.assert(
      fc.property(version, name, style, (version, name, { suffix, direction }) => {
        const file = `${version}_${name}${suffix}`;
        expect(parseFileName(file)).toEqual({ file, version, name, direction });
      }),
      RUNS,
    );
  });

  test("that is mutated is a name that says where each part is, a problem, or no SQL file", () => {
    const file = fc.tuple(version, name, style).map(([version, name, { suffix }]) => `${version}_${name}${suffix}`);
    fc.assert(
      fc.property(mutated(file), (file) => {
        const parsed = parseFileName(file);
        if (parsed === null) expect(file).not.toMatch(/\.sql$/i);
        else if ("code" in parsed)
          expect(parsed).toMatchObject({ code: "INVALID_MIGRATION", hint: expect.any(String) });
        else {
          expect(file.startsWith(`${parsed.version}_${parsed.name}`)).toBe(true);
          expect(parsed.version).toMatch(/^(?:\d{8}_\d{3}|\d{1,32})$/);
          expect(parsed.name).toMatch(/^[\p{L}\p{N}][\p{L}\p{N}_.-]{0,119}$/u);
        }
      }),
      { numRuns: 4_000 },
    );
  });

  test("that is any text at all crashes nothing", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        parseFileName(text);
        parseFileName(`${text}.sql`);
        parseFileName(`1_${text}.up.sql`);
      }),
      RUNS,
    );
  });

  test("is of the same version as another exactly when the two compare as equal", () => {
    const near = fc
      .tuple(
        fc.integer({ min: 20240601, max: 20240602 }),
        fc.constantFrom("", "0", "00"),
        fc.constantFrom("", "_000", "_001"),
      )
      .map(([date, zeros, rest]) => (rest === "" ? zeros : "") + String(date) + rest);
    fc.assert(
      fc.property(fc.oneof(near, version), fc.oneof(near, version), (a, b) => {
        const compiled = compile([
          { file: `${a}_first.sql`, sql: "select 1" },
          { file: `${b}_second.sql`, sql: "select 1" },
        ]);
        const isTwin =
          "problems" in compiled && compiled.problems.some(({ message }) => message.includes("same version"));
        expect(isTwin).toBe(compareVersions(a, b) === 0);
      }),
      RUNS,
    );
  });
});

describe("the order of versions", () => {
  test("is that of their parts as numbers", () => {
    fc.assert(
      fc.property(version, version, (a, b) => {
        expect(Math.sign(compareVersions(a, b))).toBe(order(a, b));
      }),
      RUNS,
    );
  });

  test("does not see leading zeros", () => {
    fc.assert(
      fc.property(version, fc.nat({ max: 5 }), (text, zeros) => {
        expect(compareVersions("0".repeat(zeros) + text, text)).toBe(0);
      }),
    );
  });

  test("is the one in which a manifest has its migrations, whatever the order of the files", () => {
    const versions = fc.uniqueArray(version, { maxLength: 8, comparator: (a, b) => order(a, b) === 0 });
    fc.assert(
      fc.property(versions, (versions) => {
        const manifest = compile(versions.map((version) => ({ file: `${version}_a.sql`, sql: "" })));
        if ("problems" in manifest) throw new Error(JSON.stringify(manifest.problems));
        expect(manifest.migrations.map(({ version }) => version)).toEqual(versions.toSorted(order));
      }),
    );
  });
});

const blank = fc.constantFrom("", " ", "\t", "   ");
const reason = fc
  .array(fc.constantFrom("drops", "data", "ž", "--", "hj:", "'", '"', "1h", "\t", "😀"), { minLength: 1, maxLength: 5 })
  .map((words) => words.join(" ").trim())
  .filter((text) => text !== "");
const duration = fc.integer({ min: 1, max: 86_400 }).map((seconds) => ({ text: `${seconds}s`, ms: seconds * 1_000 }));

const head = fc
  .record({ off: fc.boolean(), detach: fc.boolean(), timeout: fc.option(duration), reason: fc.option(reason) })
  .chain(({ off, detach, timeout, reason }) => {
    const lines = [
      ...(off ? ["transaction off"] : []),
      ...(detach ? ["detach"] : []),
      ...(timeout ? [`timeout ${timeout.text}`] : []),
      ...(reason === null ? [] : [`irreversible ${reason}`]),
    ];
    const said = { transaction: !off, detach, timeoutMs: timeout?.ms ?? null, irreversible: reason };
    const expected = { ...said, contractAfter: null, waivers: [] };
    const written = fc.tuple(blank, blank, blank).map(
      ([a, b, c]) =>
        (line: string) =>
          `${a}--${b}hj:${line}${c}`,
    );
    const noise = fc.constantFrom("", "-- a comment", "  ", "-- hj is a tool");
    return fc
      .tuple(
        fc.shuffledSubarray(lines, { minLength: lines.length }),
        fc.array(written, { minLength: 4, maxLength: 4 }),
        fc.array(noise, { minLength: 4, maxLength: 4 }),
        fc.constantFrom("\n", "\r\n", "\r"),
        fc.constantFrom("", "\uFEFF"),
      )
      .map(([lines, writers, noise, end, mark]) => {
        const directives = lines.flatMap((line, index) => [noise[index] ?? "", writers[index]?.(line) ?? line]);
        return { sql: mark + [...directives, "select 1;"].join(end), expected };
      });
  });

describe("directives", () => {
  test("in any order, spacing and line end, between blank lines and comments, are read as they were written", () => {
    fc.assert(
      fc.property(head, ({ sql, expected }) => {
        expect(parseDirectives("1_a.up.sql", "up", sql)).toEqual(expected);
      }),
      RUNS,
    );
  });

  test("that are mutated are read or refused with their line, and crash nothing", () => {
    fc.assert(
      fc.property(mutated(head.map(({ sql }) => sql)), fc.constantFrom("up", "down"), (sql, direction) => {
        const parsed = parseDirectives("1_a.up.sql", direction, sql);
        if (!("problems" in parsed)) return;
        expect(parsed.problems.length).toBeGreaterThan(0);
        const lines = sql.split(/\r\n|\n|\r/);
        for (const { line = 0 } of parsed.problems) expect(lines[line - 1]).toMatch(/hj:/i);
      }),
      { numRuns: 4_000 },
    );
  });

  test("that are unknown are all refused, each in its line", () => {
    const unknown = fc
      .stringMatching(/^[a-z]{1,12}$/)
      .filter((word) => !["transaction", "timeout", "irreversible"].includes(word));
    fc.assert(
      fc.property(fc.uniqueArray(unknown, { minLength: 1, maxLength: 5 }), (words) => {
        const parsed = parseDirectives("1_a.up.sql", "up", words.map((word) => `-- hj:${word} off`).join("\n"));
        expect("problems" in parsed && parsed.problems.map(({ line }) => line)).toEqual(
          words.map((_, index) => index + 1),
        );
      }),
    );
  });

  test("give any duration that a report prints back as it was", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_440 }), (minutes) => {
        const text = formatDuration(minutes * 60_000).replaceAll(" ", "");
        expect(parseDirectives("1_a.up.sql", "up", `-- hj:timeout ${text}`)).toMatchObject({
          timeoutMs: minutes * 60_000,
        });
      }),
    );
  });
});

const line = fc
  .array(
    fc.constantFrom("create", "table", "t", "ž", "'", "$$", "--", "/*", "hj", " ", "  ", "\t", ";", "😀", "(", ")"),
    {
      minLength: 1,
      maxLength: 8,
    },
  )
  .map((words) => words.join(" "))
  .filter((text) => text.trim() !== "");
const lines = fc
  .array(fc.oneof({ weight: 5, arbitrary: line }, fc.constantFrom("", "  ")), { minLength: 1, maxLength: 12 })
  .filter((lines) => lines.at(-1)?.trim() !== "");
const directive = fc.constantFrom(
  "-- hj:transaction off",
  "-- hj:timeout 5m",
  "  --hj:irreversible because",
  "-- hj:allow RULE x y",
);

describe("the checksum", () => {
  test("does not see directives at the head, line ends, a byte-order mark, or trailing blank lines", () => {
    const dressing = fc.record({
      directives: fc.array(directive, { maxLength: 3 }),
      end: fc.constantFrom("\n", "\r\n", "\r"),
      mark: fc.constantFrom("", "\uFEFF"),
      trailing: fc.array(fc.constantFrom("", "  ", "\t"), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(lines, dressing, (lines, { directives, end, mark, trailing }) => {
        const dressed = mark + [...directives, ...lines, ...trailing].join(end);
        expect(checksum(dressed)).toBe(checksum(lines.join("\n")));
      }),
      RUNS,
    );
  });

  test("sees every character that is put in", () => {
    fc.assert(
      fc.property(lines, fc.nat(), fc.constantFrom("x", "'", ";", "-", "\u00A0x", "😀", "\0"), (lines, at, added) => {
        const sql = lines.join("\n");
        const place = at % (sql.length + 1);
        expect(checksum(sql.slice(0, place) + added + sql.slice(place))).not.toBe(checksum(sql));
      }),
      RUNS,
    );
  });

  test("sees every character that is taken away, blanks within a line included", () => {
    fc.assert(
      fc.property(lines, fc.nat(), (lines, at) => {
        const characters = [...lines.join("\n").trimEnd()];
        characters.splice(at % characters.length, 1);
        const shorter = characters.join("");
        // Of two equal neighbours either may be the one that is gone, but one is.
        expect(checksum(shorter)).not.toBe(checksum(lines.join("\n")));
      }),
      RUNS,
    );
  });

  test("sees two lines that changed places, and a blank line within the text", () => {
    fc.assert(
      fc.property(lines, fc.nat(), (lines, at) => {
        const place = at % lines.length;
        expect(checksum(lines.toSpliced(place, 0, "").join("\n"))).not.toBe(checksum(lines.join("\n")));
        const [a, b] = [lines[place], lines[place + 1]];
        fc.pre(a !== undefined && b !== undefined && a !== b);
        expect(checksum(lines.toSpliced(place, 2, b, a).join("\n"))).not.toBe(checksum(lines.join("\n")));
      }),
      RUNS,
    );
  });
});
