// What the operations guide says of alarms, permissions and settings, held against the template and the reference.
import { expect, test } from "vitest";
import { FUNCTION_TEMPLATE, isList, type Json, readTemplate } from "../../support/cloudformation-template.ts";
import { readDocument } from "../../support/documents.ts";
import { resolveTemplate } from "../../support/resolve-template.ts";
import { EVERYTHING, IAM } from "../infra/parameter-sets.ts";

const guide = readDocument("docs/operations.md");

/** Up to the next heading of the same rank. */
function section(heading: string): string {
  const [, text = ""] = guide.split(`\n## ${heading}\n`);
  expect(text, heading).not.toBe("");
  return text.split("\n## ")[0] ?? "";
}

test("every alarm that the template makes is in the first table, and no other", () => {
  const { resources } = resolveTemplate(readTemplate(FUNCTION_TEMPLATE), EVERYTHING);
  const suffixes = Object.values(resources).flatMap(({ type, properties }) =>
    type === "AWS::CloudWatch::Alarm" ? [String(properties["AlarmName"]).replace(/^.*?hellojohn-migrations/, "")] : [],
  );
  const told = [...section("From an alarm to the cause, in three steps").matchAll(/^\| alarm `(-[a-z-]+)`/gm)];
  expect(told.map(([, suffix]) => suffix).toSorted()).toEqual(suffixes.toSorted());
  expect(suffixes.length).toBeGreaterThan(0);
});

test("every permission that the template gives is in the table, and the table names no other of the function's", () => {
  const { resources } = resolveTemplate(readTemplate(FUNCTION_TEMPLATE), { ...EVERYTHING, ...IAM });
  const granted = new Set(Object.values(resources).flatMap(({ properties }) => actionsIn(properties)));
  granted.delete("sts:AssumeRole");
  const told = new Set(section("IAM permissions").match(/(?<=`)[a-z0-9-]+:[A-Za-z]+(?=`)/g));
  // Those who look and call are not the template's.
  const others = ["logs:FilterLogEvents", "lambda:GetFunctionConfiguration"];
  expect([...told].toSorted()).toEqual([...granted, ...others].toSorted());
});

/** Of a policy, or of whatever holds one. */
function actionsIn(value: Json): readonly string[] {
  if (value === null || typeof value !== "object") return [];
  if (isList(value)) return value.flatMap(actionsIn);
  const { Action: action, ...others } = value;
  const own = action === undefined ? [] : isList(action) ? action : [action];
  return [...own.map(String), ...Object.values(others).flatMap(actionsIn)];
}

test("every setting that a document names is in the reference", () => {
  const reference = readDocument("docs/reference.md");
  const named = new Set(
    ["README.md", "docs/operations.md", "docs/deploy.md", "docs/failure-codes.md"].flatMap(
      (document) => readDocument(document).match(/HELLOJOHN_[A-Z_]+[A-Z]/g) ?? [],
    ),
  );
  const isKnown = (name: string) =>
    reference.includes(`\`${name}\``) || /^HELLOJOHN_DATABASE_(?:HOST|PORT|NAME|USER)$/.test(name);
  expect([...named].filter((name) => !isKnown(name))).toEqual([]);
  expect(named.size).toBeGreaterThan(5);
});

test("every parameter of the stack that the guide names is one", () => {
  const parameters = Object.keys(readTemplate(FUNCTION_TEMPLATE)["Parameters"] as object);
  const named = new Set(guide.match(/(?<=`)[A-Z][A-Za-z]+(?:Endpoint|Group|Application|Arn)(?==|`)/g));
  expect([...named].filter((name) => !parameters.includes(name))).toEqual([]);
  expect(named.size).toBeGreaterThan(3);
});
