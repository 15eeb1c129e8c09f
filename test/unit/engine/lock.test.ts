import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { lockCondition, lockKey, ownershipStatement } from "../../../src/engine/lock.ts";

describe("lockKey", () => {
  test("is the first 8 bytes of SHA-256 over namespace, schema and journal, so that every build takes one lock", () => {
    const hash = createHash("sha256").update("hellojohn-migration-hook\0public\0hj_migration").digest();
    expect(lockKey("public", "hj_migration")).toBe(hash.readBigInt64BE());
  });

  test("differs between schemas, between journals, and when a name ends elsewhere", () => {
    const keys = [
      lockKey("public", "hj_migration"),
      lockKey("auth", "hj_migration"),
      lockKey("public", "journal"),
      lockKey("publi", "chj_migration"),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("fits into a bigint, whatever the names", () => {
    for (let number = 0; number < 100; number++) {
      const key = lockKey(`schema_${number}`, "journal");
      expect(BigInt.asIntN(64, key)).toBe(key);
    }
  });
});

describe("lockCondition", () => {
  test.each([
    [1n, 0, 1],
    [-1n, 4_294_967_295, 4_294_967_295],
    [0x1_0000_0000n, 1, 0],
    [-(2n ** 63n), 2_147_483_648, 0],
    [2n ** 63n - 1n, 2_147_483_647, 4_294_967_295],
  ])("finds the key %s by its two unsigned halves", (key, high, low) => {
    expect(lockCondition(key)).toContain(`classid = ${high} and objid = ${low} and objsubid = 1`);
  });

  test("looks for a lock of this database that is held, not waited for", () => {
    expect(lockCondition(1n)).toMatch(/locktype = 'advisory' .* and database = .*current_database\(\).* and granted$/);
  });
});

test("ownership is proven by this very backend holding the lock", () => {
  const statement = ownershipStatement(5n);
  expect(statement).toContain("select 1 / count(*)");
  expect(statement).toContain("pid = pg_backend_pid()");
  expect(statement).toContain("locktype = 'advisory' and classid = 0 and objid = 5 and objsubid = 1");
});
