// Secrets are taken out of whatever leaves the process, in every form that somebody could write them in.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRedactor } from "../../../src/connection/redact.ts";

const PASSWORD = 'p@ss "w/ö\\rd"+%&';

function redactorKnowing(secret: string, known: readonly string[] = []) {
  const redactor = createRedactor();
  redactor.learn(secret, known);
  return redactor;
}

const FORMS: Readonly<Record<string, (secret: string) => string>> = {
  "as it is": (secret) => secret,
  "percent-encoded": encodeURIComponent,
  "percent-encoded as a whole URL is": encodeURI,
  "as a form field": (secret) => new URLSearchParams({ "": secret }).toString().slice(1),
  "in JSON": (secret) => JSON.stringify(secret).slice(1, -1),
  "in JSON in JSON": (secret) => JSON.stringify(JSON.stringify(secret)),
  "in base64": (secret) => Buffer.from(secret).toString("base64"),
  "in base64url": (secret) => Buffer.from(secret).toString("base64url"),
};

describe("a secret is taken out", () => {
  test.each(Object.entries(FORMS))("%s", (_what, form) => {
    const text = `before ${form(PASSWORD)} behind`;
    const redacted = redactorKnowing(PASSWORD).redact(text);
    expect(redacted).toContain("***");
    expect(redacted).not.toContain(form(PASSWORD));
    expect(redacted).toMatch(/^before .* behind$/);
  });

  test.each([0, 1, 2])("in base64 of something longer, %i bytes in", (offset) => {
    const encoded = Buffer.from(`${"x".repeat(offset)}${PASSWORD}:and so on`).toString("base64");
    const redacted = redactorKnowing(PASSWORD).redact(encoded);
    expect(Buffer.from(redacted.split("***")[0] ?? "", "base64").toString()).not.toContain(PASSWORD.slice(0, 3));
  });

  test("from every text of a value, and nothing else of it is changed", () => {
    const value = { a: [1, null, true, { b: `x${PASSWORD}y` }], c: "z" };
    expect(redactorKnowing(PASSWORD).redact(value)).toEqual({ a: [1, null, true, { b: "x***y" }], c: "z" });
  });

  test("whole, although an older one is a part of it", () => {
    const redactor = redactorKnowing("geheim");
    redactor.learn("geheim-2026");
    expect(redactor.redact("the password geheim-2026")).toBe("the password ***");
  });

  test("although it holds half a surrogate pair", () => {
    expect(redactorKnowing("some\ud800thing").redact("some%EF%BF%BDthing some\ud800thing")).toBe("*** ***");
  });

  test("whatever it is", () => {
    const secrets = fc.string({ unit: "grapheme", minLength: 6, maxLength: 40 }).filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(secrets, fc.string(), fc.string(), (secret, before, behind) => {
        const { redact } = redactorKnowing(secret);
        for (const form of Object.values(FORMS)) {
          fc.pre(!before.concat(behind, "***").includes(secret));
          expect(redact(`${before} ${form(secret)} ${behind}`)).not.toContain(` ${form(secret)} `);
        }
      }),
    );
  });
});

describe("without being told a secret", () => {
  test.each([
    ["postgresql://john:geheim@host:5432/d", "postgresql://john:***@host:5432/d"],
    ["at postgres://john:g%20h@host and", "at postgres://john:***@host and"],
    [
      "host:1/?Action=connect&X-Amz-Security-Token=abc%2F&X-Amz-Signature=123",
      "host:1/?Action=connect&X-Amz-Security-Token=***&X-Amz-Signature=***",
    ],
    ["postgres://john:g@heim@host/d", "postgres://john:***@host/d"],
    ['{"url":"postgres://john:geheim@host/d","mail":"a@b"}', '{"url":"postgres://john:***@host/d","mail":"a@b"}'],
    ["two: a://b:c@d a://b:e@f a://b:", "two: a://b:***@d a://b:***@f a://b:"],
    ["a://b:c://d:e@f@g", "a://b:***@g"],
    ['a://b"c:d@e "f@g"', 'a://b"c:***@e "f@g"'],
    ["a://b:@c", "a://b:@c"],
    ['a://b://"c:d@e', 'a://b://"c:***@e'],
    ["a://b:@c@d", "a://b:***@d"],
    ["https://host:443/path", "https://host:443/path"],
    ["as postgresql://USER:PASSWORD@HOST:5432/DATABASE", "as postgresql://USER:PASSWORD@HOST:5432/DATABASE"],
    ["postgresql://john:PASSWORD@HOSTILE@host/d", "postgresql://john:***@host/d"],
    ["a line 12:3 of an_index@x", "a line 12:3 of an_index@x"],
  ])("%s becomes %s", (text, redacted) => {
    expect(createRedactor().redact(text)).toBe(redacted);
  });
});

test.each(["x", "a://b:", "a://:b", "a://b:c@", "://", "X-Amz-Signature="])(
  "megabytes of %s in one word are looked through once",
  (part) => {
    const text = part.repeat(5_000_000 / part.length);
    expect(createRedactor().redact(`${text} a://b:c@d`)).toMatch(/ a:\/\/b:\*\*\*@d$/);
  },
);

test("a password that is the user's or the database's name is left: it could not be told apart", () => {
  expect(redactorKnowing("postgres", ["localhost", "postgres"]).redact("as postgres")).toBe("as postgres");
});

test("three letters are left: they are found in any text by chance", () => {
  expect(redactorKnowing("abc").redact("alphabet abc")).toBe("alphabet abc");
});
