import { expect, test } from "vitest";
import { fullName } from "../../../src/migration/manifest.ts";

test("a migration is named as its files are", () => {
  expect(fullName({ version: "20240601_001", name: "add_passkey_support" })).toBe("20240601_001_add_passkey_support");
});
