// Held against pg's own functions, whose place they take in what is built.
import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as ours from "../../../src/connection/password-proof.ts";

type Functions = typeof ours;
type Promised<F> = F extends (...args: infer Args) => infer Result ? (...args: Args) => Promise<Result> : never;

const pgs: { readonly [name in keyof Functions]: Promised<Functions[name]> } = createRequire(import.meta.url)(
  "pg/lib/crypto/utils.js",
);

const bytes = fc.uint8Array({ maxLength: 100 }).map((array) => Buffer.from(array));
const text = fc.string({ unit: "grapheme" });

describe("a password's proof", () => {
  test("has every function that pg asks for, and no other", () => {
    expect(Object.keys(ours).sort()).toEqual(Object.keys(pgs).sort());
  });

  test("is what pg makes of the same password, salt and texts", async () => {
    await fc.assert(
      fc.asyncProperty(bytes, text, text, fc.integer({ min: 1, max: 50 }), async (salt, password, said, iterations) => {
        const key = ours.deriveKey(password, salt, iterations);
        expect(key).toEqual(Buffer.from(await pgs.deriveKey(password, salt, iterations)));
        expect(ours.hmacSha256(key, said)).toEqual(Buffer.from(await pgs.hmacSha256(key, said)));
        expect(ours.sha256(salt)).toEqual(Buffer.from(await pgs.sha256(salt)));
        expect(ours.md5(said)).toBe(await pgs.md5(said));
        const { postgresMd5PasswordHash: hashed } = pgs;
        expect(ours.postgresMd5PasswordHash(said, password, salt)).toBe(await hashed(said, password, salt));
      }),
    );
  });

  test.each(["SHA-256", "SHA-384", "SHA-512"])("binds to a certificate signed with %s as pg does", async (hash) => {
    const certificate = Buffer.from("a certificate");
    expect(ours.hashByName(hash, certificate)).toEqual(Buffer.from(await pgs.hashByName(hash, certificate)));
  });

  test("begins with as many bytes as pg asks for, and others each time", async () => {
    const first = ours.randomBytes(18);
    expect([first.length, (await pgs.randomBytes(18)).length]).toEqual([18, 18]);
    expect(ours.randomBytes(18)).not.toEqual(first);
  });
});
