// The names that Lambda takes, and the command that looks at a function.
import { describe, expect, test } from "vitest";
import { parseFunctionTarget, statusCommandOf } from "../../../src/cli/function-target.ts";

const ARN = "arn:aws:lambda:us-east-1:123456789012:function:hook";

function parsed(text: string, flags = {}) {
  const target = parseFunctionTarget(text, flags);
  if ("problems" in target) throw new Error(target.problems[0]?.message);
  return target;
}

describe("parseFunctionTarget", () => {
  test.each([
    ["hook", "hook", null],
    ["hook:live", "hook", "live"],
    ["hook:42", "hook", "42"],
    ["hook:$LATEST", "hook", "$LATEST"],
    ["123456789012:function:hook:live", "123456789012:function:hook", "live"],
    ["function:hook", "function:hook", null],
    [ARN, ARN, null],
    [`${ARN}:live`, ARN, "live"],
    [
      "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:hook",
      "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:hook",
      null,
    ],
  ])("takes %s apart", (text, name, qualifier) => {
    expect(parsed(text)).toMatchObject({ name, qualifier });
  });

  test.each([
    " hook",
    "hook ",
    "hook:",
    "hook:a b",
    "hook:$OLDEST",
    "a/b",
    "../x",
    "arn:aws:s3:::bucket",
    ":live",
    "a:b:c",
    "ünï",
  ])("refuses %j", (text) => {
    expect(parseFunctionTarget(text, {})).toMatchObject({ problems: [{ field: "--function" }] });
  });

  test("takes the region of an ARN, and refuses another one beside it", () => {
    expect(parsed(ARN).region).toBe("us-east-1");
    expect(parsed(ARN, { region: "us-east-1" }).region).toBe("us-east-1");
    expect(parseFunctionTarget(ARN, { region: "eu-west-1" })).toMatchObject({ problems: [{ field: "--region" }] });
  });
});

describe("statusCommandOf", () => {
  test.each([
    ["hook", {}, "hj migrations status --function hook"],
    [ARN, {}, `hj migrations status --function ${ARN}`],
    [
      "hook:live",
      { region: "eu-west-1", profile: "ops" },
      "hj migrations status --function hook:live --region eu-west-1 --profile ops",
    ],
    ["hook:$LATEST", { profile: "it's me" }, "hj migrations status --function 'hook:$LATEST' --profile 'it'\\''s me'"],
    [
      "hook",
      { endpointUrl: "http://localhost:9" },
      "hj migrations status --function hook --endpoint-url http://localhost:9",
    ],
  ])("of %s with %j can be pasted into a shell", (text, flags, command) => {
    expect(statusCommandOf(parsed(text, flags))).toBe(command);
  });
});
