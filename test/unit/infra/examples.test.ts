// The examples: their shape, and that they call the function as its own template offers it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import validateStateMachine from "asl-validator";
import { describe, expect, test } from "vitest";
import {
  asObject,
  FUNCTION_TEMPLATE,
  type Json,
  type JsonObject,
  parseTemplate,
  readTemplate,
  TEMPLATES,
} from "../../support/cloudformation-template.ts";
import { resolveTemplate } from "../../support/resolve-template.ts";
import { shapeProblems } from "../../support/resource-types.ts";
import { EVERYTHING, EXAMPLE_PARAMETERS } from "./parameter-sets.ts";

const examples = TEMPLATES.filter(({ path }) => path !== FUNCTION_TEMPLATE);

function example(name: string) {
  const path = examples.find((one) => one.name === name)?.path ?? "";
  return resolveTemplate(readTemplate(path), EXAMPLE_PARAMETERS[name] ?? {}).resources;
}

test.each(examples)("$name is accepted, and AWS knows every type, property and attribute in it", ({ name, path }) => {
  const template = readTemplate(path);
  const resolved = resolveTemplate(template, EXAMPLE_PARAMETERS[name] ?? {});
  expect(resolved.refusals).toEqual([]);
  expect(shapeProblems(resolved)).toEqual([]);
  const body = JSON.stringify(template["Resources"]);
  const unused = Object.keys(asObject(template["Parameters"])).filter(
    (parameter) => !body.includes(`"Ref":"${parameter}"`) && !body.includes(`\${${parameter}}`),
  );
  expect(unused).toEqual([]);
});

test("appspec.yaml ends as the function's stack says it should", () => {
  const path = join(FUNCTION_TEMPLATE, "..", "examples", "appspec.yaml");
  const { outputs, resources } = resolveTemplate(readTemplate(FUNCTION_TEMPLATE), EVERYTHING);
  const name = String(resources["Function"]?.properties["FunctionName"]);
  const offered = parseTemplate((outputs["AppSpecForEcs"] ?? "").replace("ref:Function", name));
  expect(parseTemplate(readFileSync(path, "utf8"))).toMatchObject({ version: 0, ...offered });
});

test("the ECS service calls the hook in the one stage that is safe to migrate in", () => {
  expect(example("ecs-blue-green.yaml")["Service"]?.properties["DeploymentConfiguration"]).toMatchObject({
    Strategy: "BLUE_GREEN",
    LifecycleHooks: [{ LifecycleStages: ["PRE_SCALE_UP"], HookTargetArn: expect.stringMatching(/:live$/) }],
  });
});

describe("the state machine", () => {
  const definition = asObject(example("step-functions.yaml")["StateMachine"]?.properties["Definition"]);
  const states = asObject(definition["States"]);

  // The validator writes into what it is given.
  const validate = (machine: JsonObject) => validateStateMachine(structuredClone(machine));

  test("is valid, and the validator sees a state that is not there", () => {
    const { isValid, errorsText } = validate(definition);
    expect(isValid, errorsText()).toBe(true);
    expect(validate({ ...definition, StartAt: "Nowhere" }).isValid).toBe(false);
    expect(validate({ ...definition, States: { ...states, Pause: { Type: "Wait" } } }).isValid).toBe(false);
  });

  test("repeats a call only when Lambda did not take it", () => {
    const tasks = Object.values(states)
      .map(asObject)
      .filter(({ Type }) => Type === "Task");
    expect(tasks).toHaveLength(2);
    for (const { Retry } of tasks) {
      expect((Retry as readonly JsonObject[]).map(({ ErrorEquals }) => ErrorEquals)).toEqual([
        ["Lambda.TooManyRequestsException"],
      ]);
    }
  });

  test.each([
    [{ ok: true, outcome: "applied" }, "Migrated"],
    [{ ok: true, outcome: "up_to_date" }, "Migrated"],
    [{ ok: false, outcome: "incomplete", continuation: "c" }, "Pause"],
    [{ ok: false, outcome: "failed" }, "NotMigrated"],
    [{ ok: false, outcome: "refused" }, "NotMigrated"],
  ])("after the report %o comes %s", (report, state) => {
    const { Choices, Default } = asObject(states["Outcome"]);
    const chosen = (Choices as readonly JsonObject[]).find((choice) => holds(choice, report));
    expect(chosen?.["Next"] ?? Default).toBe(state);
  });

  test("goes on with the continuation of the report, until the report says that it is over", () => {
    const { Parameters, Next } = asObject(states["GoOn"]);
    expect(asObject(Parameters)["Payload"]).toEqual({ command: "run", "continuation.$": "$.continuation" });
    expect(Next).toBe("Outcome");
    expect(asObject(states["Pause"])["Next"]).toBe("GoOn");
  });
});

/** The comparisons that the example uses: https://states-language.net/spec.html#choice-state */
function holds(choice: JsonObject, report: Readonly<Record<string, Json>>): boolean {
  const all = choice["And"] as readonly JsonObject[] | undefined;
  if (all !== undefined) return all.every((one) => holds(one, report));
  const value = report[String(choice["Variable"]).replace("$.", "")];
  if ("BooleanEquals" in choice) return value === choice["BooleanEquals"];
  if ("StringEquals" in choice) return value === choice["StringEquals"];
  return (value !== undefined) === choice["IsPresent"];
}
