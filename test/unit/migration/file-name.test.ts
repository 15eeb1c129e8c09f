import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseFileName } from "../../../src/migration/file-name.ts";

describe("parseFileName", () => {
  test.each([
    ["20240601_001_add_passkey_support.up.sql", "20240601_001", "add_passkey_support", "up"],
    ["20240601_001_add_passkey_support.down.sql", "20240601_001", "add_passkey_support", "down"],
    ["0001_init_up.sql", "0001", "init", "up"],
    ["0001_init_down.sql", "0001", "init", "down"],
    ["42_init.sql", "42", "init", "up"],
    ["20240601_init.sql", "20240601", "init", "up"],
    ["0_zero.sql", "0", "zero", "up"],
    [`${"9".repeat(32)}_long.sql`, "9".repeat(32), "long", "up"],
    ["1_v1.2-rc.up.sql", "1", "v1.2-rc", "up"],
    ["1_größe.up.sql", "1", "größe", "up"],
    ["1_shutdown.sql", "1", "shutdown", "up"],
    ["1_INIT.SQL", "1", "INIT", "up"],
    ["1_init.up.SQL", "1", "init", "up"],
    ["1_init.DOWN.SQL", "1", "init", "down"],
    ["1_init_Down.sql", "1", "init", "down"],
    ["1_lock_up.up.sql", "1", "lock_up", "up"],
    [`1_${"a".repeat(120)}.sql`, "1", "a".repeat(120), "up"],
  ])("takes %s apart", (file, version, name, direction) => {
    expect(parseFileName(file)).toEqual({ file, version, name, direction });
  });

  test.each(["README.md", "notes.txt", "1_init.sql.bak", "1_init.sql~", ".gitkeep", "sql", ""])(
    "passes %j over, which is no SQL",
    (file) => {
      expect(parseFileName(file)).toBeNull();
    },
  );

  test.each([
    "init.sql",
    "1.sql",
    "1_.sql",
    "1_.up.sql",
    "_init.sql",
    "1-init.sql",
    "V1__init.sql",
    "2024-06-01_init.sql",
    "1_add session.sql",
    "1_-init.sql",
    "1_a/b.sql",
    "1_a'b.sql",
    "1_up.sql",
    "1_down.sql",
    "1_down.up.sql",
    "1_UP.SQL",
    "1_Down.sql",
    "20240601_001.sql",
    "20240601_001.up.sql",
    "20240601_001_down.sql",
    "１_init.sql",
    `${"9".repeat(33)}_long.sql`,
    `1_${"a".repeat(121)}.sql`,
  ])("refuses %j and says what a name looks like", (file) => {
    expect(parseFileName(file)).toEqual({
      code: "INVALID_MIGRATION",
      file,
      message: "is no name of a migration",
      hint: expect.stringContaining("<version>_<name>.up.sql"),
    });
  });

  test("tells of a name with control characters without repeating them", () => {
    expect(parseFileName("1_a\u001b[2J\n.sql")).toMatchObject({ file: "1_a\\u001b[2J\\n.sql" });
  });

  test("gives back every version and name that was put together", () => {
    const version = fc.oneof(fc.stringMatching(/^\d{1,32}$/), fc.stringMatching(/^\d{8}_\d{3}$/));
    const name = fc.stringMatching(/^[a-z][a-z0-9]{0,20}$/).filter((text) => text !== "up" && text !== "down");
    const direction = fc.constantFrom("up", "down");
    fc.assert(
      fc.property(version, name, direction, fc.constantFrom(".", "_"), (version, name, direction, separator) => {
        const file = `${version}_${name}${separator}${direction}.sql`;
        expect(parseFileName(file)).toEqual({ file, version, name, direction });
      }),
    );
  });
});
