import { expect, test } from "vitest";
import { type Failure, MigrationError } from "../../../src/failure/failure.ts";

const failure: Failure = {
  code: "DATABASE_MISSING",
  message: 'there is no database "hellojohn"',
  hint: "Create it.",
  details: { database: "hellojohn" },
};

test("an error carries its failure, says its message, and keeps its cause out of it", () => {
  const cause = new Error("password=secret");
  const error = new MigrationError(failure, { cause });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: "MigrationError", message: failure.message, failure, cause });
  expect(JSON.stringify(error.failure)).not.toContain("secret");
});
