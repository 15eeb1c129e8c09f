// What the template and the function's code have to agree on: the environment, and the metrics.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { asObject, FUNCTION_TEMPLATE, readTemplate } from "../../support/cloudformation-template.ts";
import { resolveTemplate } from "../../support/resolve-template.ts";
import { EVERYTHING, PARAMETER_SETS, PLAIN } from "./parameter-sets.ts";

/** Holds a password, so it is for a desk: what a template sets, everybody may read who may look at the function. */
const DESK_ONLY = ["HELLOJOHN_DATABASE_URL"];

const template = readTemplate(FUNCTION_TEMPLATE);

const source = join(import.meta.dirname, "..", "..", "..", "src");

/** The names in quotes; in the code of the function, as only that runs in AWS. */
function readByTheCode(): readonly string[] {
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

test("alarms and dashboard look at the metrics that the function emits, and at all of them", () => {
  const code = readFileSync(join(source, "lambda", "log.ts"), "utf8");
  const emitted = [...code.matchAll(/Name: "(\w+)"/g)].flatMap(([, name]) => name ?? []);
  const { resources } = resolveTemplate(template, PLAIN);
  const { Namespace, MetricName, Dimensions } = resources["FailedMigrationAlarm"]?.properties ?? {};
  expect({ Namespace, MetricName }).toEqual({ Namespace: "HelloJohn/Migrations", MetricName: "Failed" });
  expect(Dimensions).toEqual([{ Name: "FunctionName", Value: "CodeDeployHook_hellojohn-migrations" }]);
  const body = String(resources["Dashboard"]?.properties["DashboardBody"]);
  expect(emitted.filter((name) => !body.includes(`"${name}"`))).toEqual([]);
  expect(code).toContain(`"${Namespace}"`);
  expect(emitted).toContain(MetricName);
});
