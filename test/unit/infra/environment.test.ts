// The function's environment: what the template sets is what the code reads, and the other way round.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { asObject, FUNCTION_TEMPLATE, readTemplate } from "../../support/cloudformation-template.ts";
import { resolveTemplate } from "../../support/resolve-template.ts";
import { EVERYTHING, PARAMETER_SETS, PLAIN } from "./parameter-sets.ts";

/** Holds a password, so it is for a desk: what a template sets, everybody may read who may look at the function. */
const DESK_ONLY = ["HELLOJOHN_DATABASE_URL"];

const template = readTemplate(FUNCTION_TEMPLATE);

/** The names in quotes; in the code of the function, as only that runs in AWS. */
function readByTheCode(): readonly string[] {
  const source = join(import.meta.dirname, "..", "..", "..", "src");
  const names = ["connection", "lambda"].flatMap((folder) =>
    readdirSync(join(source, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) => [...readFileSync(join(source, folder, file), "utf8").matchAll(/"(HELLOJOHN_[A-Z_]*[A-Z])"/g)])
      .flatMap(([, name]) => name ?? []),
  );
  return [...new Set(names)].toSorted();
}

function variables(parameters: Readonly<Record<string, string>>) {
  const { Environment } = resolveTemplate(template, parameters).resources["Function"]?.properties ?? {};
  return asObject(asObject(Environment)["Variables"]);
}

test("every variable that the template sets is one that the code reads, and the other way round", () => {
  const set = new Set(Object.values(PARAMETER_SETS).flatMap((parameters) => Object.keys(variables(parameters))));
  expect([...set, ...DESK_ONLY].toSorted()).toEqual(readByTheCode());
});

test("what is left empty is not set at all", () => {
  for (const parameters of Object.values(PARAMETER_SETS)) {
    for (const [name, value] of Object.entries(variables(parameters))) expect(value, name).not.toBe("");
  }
  expect(variables(PLAIN)).toEqual({
    HELLOJOHN_DATABASE_SECRET_ID: PLAIN["DatabaseSecretArn"],
    HELLOJOHN_DATABASE_SSL: "verify-full",
    HELLOJOHN_DATABASE_AUTH: "secret",
    HELLOJOHN_DATABASE_WAIT: "90s",
    HELLOJOHN_SCHEMA: "public",
    HELLOJOHN_JOURNAL: "hj_migration",
    HELLOJOHN_LOCK_WAIT: "60s",
  });
});

test("the variables fit into Lambda's 4 KB", () => {
  // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
  expect(JSON.stringify(variables(EVERYTHING)).length).toBeLessThan(2048);
});
