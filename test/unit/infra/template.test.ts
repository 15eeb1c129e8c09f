// The function's template: what it refuses, what it makes for whom, and that nothing in it is left over.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { FUNCTION_TEMPLATE, parseTemplate, readTemplate } from "../../support/cloudformation-template.ts";
import { type ResolvedTemplate, resolveTemplate } from "../../support/resolve-template.ts";
import { replacesResource, shapeProblems } from "../../support/resource-types.ts";
import { EVERYTHING, IAM, PARAMETER_SETS, PLAIN } from "./parameter-sets.ts";

const template = readTemplate(FUNCTION_TEMPLATE);
const source = readFileSync(FUNCTION_TEMPLATE, "utf8");
const sets = Object.entries(PARAMETER_SETS).map(([name, parameters]) => ({ name, parameters }));

function ofType({ resources }: ResolvedTemplate, type: string) {
  return Object.values(resources).flatMap((resource) => (resource.type === type ? [resource.properties] : []));
}

describe.each(sets)("the template $name", ({ parameters }) => {
  const resolved = resolveTemplate(template, parameters);

  test("is accepted, and AWS knows every type, property and attribute in it", () => {
    expect(resolved.refusals).toEqual([]);
    expect(shapeProblems(resolved)).toEqual([]);
  });

  test("repeats no asynchronous event by itself, neither for the bare name nor for the alias", () => {
    const configs = ofType(resolved, "AWS::Lambda::EventInvokeConfig");
    expect(configs).toMatchObject([
      { Qualifier: "$LATEST", MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 900 },
      { Qualifier: "live", MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 900 },
    ]);
  });

  test("opens the database's port and 443, and nothing else", () => {
    const port = parameters["DatabasePort"] ?? 5432;
    const [group] = ofType(resolved, "AWS::EC2::SecurityGroup");
    expect(group === undefined).toBe(parameters["VpcId"] === undefined);
    if (group === undefined) return;
    expect(group["SecurityGroupIngress"]).toBeUndefined();
    expect(group["SecurityGroupEgress"]).toMatchObject([
      { IpProtocol: "tcp", FromPort: 443, ToPort: 443 },
      { IpProtocol: "tcp", FromPort: port, ToPort: port },
    ]);
  });

  test("has a dashboard that is JSON and names each alarm that there is", () => {
    const [dashboard] = ofType(resolved, "AWS::CloudWatch::Dashboard");
    const { widgets } = JSON.parse(String(dashboard?.["DashboardBody"]));
    const named = widgets[0].properties.alarms.map((arn: string) => arn.split(":alarm:")[1]);
    const alarms = ofType(resolved, "AWS::CloudWatch::Alarm").map(({ AlarmName }) => AlarmName);
    expect(alarms).toHaveLength(5);
    expect(named.toSorted()).toEqual(alarms.toSorted());
  });
});

test("every endpoint, caller's permission and the schedule can be left out, and are unless asked for", () => {
  const plain = Object.keys(resolveTemplate(template, { ...PLAIN, StatusSchedule: "" }).resources);
  const everything = Object.keys(resolveTemplate(template, EVERYTHING).resources);
  expect(plain).toEqual([
    "LogGroup",
    "Role",
    "ReadSecretPolicy",
    "Function",
    "Version",
    "Alias",
    "LatestInvokeConfig",
    "AliasInvokeConfig",
    "FailedMigrationAlarm",
    "ErrorAlarm",
    "ThrottleAlarm",
    "DurationAlarm",
    "DroppedEventAlarm",
    "Dashboard",
  ]);
  expect(Object.keys(template["Resources"] as object).filter((name) => !everything.includes(name))).toEqual([
    "ConnectPolicy",
  ]);
});

test("a release makes Lambda publish: it changes the function, and replaces the version that the alias stands for", () => {
  const { resources } = resolveTemplate(template, { ...PLAIN, Release: "r2" });
  expect(resources["Function"]?.properties).toMatchObject({
    Description: expect.stringContaining("r2"),
    Code: { S3Key: "hellojohn-migrations/r2.zip" },
  });
  expect(resources["Version"]?.properties).toMatchObject({ Description: "Release r2" });
  expect(replacesResource("AWS::Lambda::Version", "Description")).toBe(true);
  expect(replacesResource("AWS::Lambda::Version", "CodeSha256")).toBe(true);
  expect(resources["Alias"]?.properties).toMatchObject({ FunctionVersion: "att:Version.Version" });
});

test.each([
  [{ ...PLAIN, DatabaseSecretArn: "" }, "needs DatabaseSecretArn"],
  [{ ...PLAIN, DatabaseSecretArn: "hellojohn/database" }, "DatabaseSecretArn does not match"],
  [{ ...IAM, DatabaseResourceId: "" }, "needs DatabaseResourceId"],
  [{ ...IAM, DatabaseUser: "" }, "needs DatabaseResourceId and DatabaseUser"],
  [{ ...IAM, DatabaseSsl: "disable" }, "needs TLS"],
  [{ ...IAM, DatabaseHost: "" }, "Without DatabaseSecretArn"],
  [{ ...IAM, SecretKmsKeyArn: EVERYTHING["SecretKmsKeyArn"] ?? "" }, "only with DatabaseSecretArn"],
  [{ ...EVERYTHING, SubnetIds: "" }, "VpcId needs SubnetIds"],
  [{ ...EVERYTHING, DatabaseSecurityGroupId: "" }, "DatabaseSecurityGroupId or DatabaseCidr"],
  [{ ...PLAIN, SubnetIds: "subnet-1,subnet-2" }, "SubnetIds need VpcId"],
  [{ ...PLAIN, S3EndpointRouteTableIds: "rtb-1" }, "S3EndpointRouteTableIds need VpcId"],
  [{ ...PLAIN, LambdaEndpoint: "true" }, "An endpoint needs VpcId"],
  [{ ...EVERYTHING, EndpointClientCidr: "" }, "EndpointClientCidr"],
  [{ ...PLAIN, CodeDeployApplication: "hellojohn" }, "belong together"],
  [{ ...PLAIN, CodeDeployDeploymentGroup: "production" }, "belong together"],
  [{ ...PLAIN, ReservedConcurrency: "1" }, "ReservedConcurrency does not match"],
  [{ ...PLAIN, Timeout: "901" }, "Timeout is out of range"],
  [{ ...PLAIN, Runtime: "nodejs20.x" }, "Runtime is not allowed"],
  [{ ...PLAIN, Release: "" }, "Release does not match"],
  [{ ...PLAIN, LockWait: "soon" }, "LockWait does not match"],
])("parameters that cannot work are refused before anything is made: %o", (parameters, refusal) => {
  expect(resolveTemplate(template, parameters).refusals.join("\n")).toContain(refusal);
});

test("every parameter is in a group of the console's form and is used; so is every condition", () => {
  const { ParameterGroups } = (template["Metadata"] as never)["AWS::CloudFormation::Interface"] as {
    ParameterGroups: { Parameters: string[] }[];
  };
  const declared = Object.keys(template["Parameters"] as object);
  expect(ParameterGroups.flatMap(({ Parameters }) => Parameters).toSorted()).toEqual(declared.toSorted());
  const body = JSON.stringify([template["Conditions"], template["Resources"]]);
  const used = (name: string) => body.includes(`"Ref":"${name}"`) || body.includes(`\${${name}}`);
  expect(declared.filter((name) => !used(name))).toEqual([]);
  const conditions = Object.keys(template["Conditions"] as object);
  const text = JSON.stringify(template);
  const asked = (name: string) => text.includes(`"Condition":"${name}"`) || text.includes(`"Fn::If":["${name}"`);
  expect(conditions.filter((name) => !asked(name))).toEqual([]);
});

test("the template is small enough to be sent as it is, and rules use nothing that rules may not", () => {
  // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
  expect(Buffer.byteLength(source)).toBeLessThan(51_200);
  const functions = JSON.stringify(template["Rules"]).match(/"(Fn::\w+|Ref|Condition)":/g);
  expect([...new Set(functions)].toSorted()).toEqual([
    '"Fn::And":',
    '"Fn::Equals":',
    '"Fn::Not":',
    '"Fn::Or":',
    '"Ref":',
  ]);
});

test("the output for an AppSpec is YAML that names the function as CodeDeploy's managed roles allow", () => {
  const { outputs, resources } = resolveTemplate(template, EVERYTHING);
  expect(resources["Function"]?.properties["FunctionName"]).toMatch(/^CodeDeployHook_/);
  expect(parseTemplate(outputs["AppSpecForEcs"] ?? "")).toEqual({ Hooks: [{ BeforeInstall: "ref:Function" }] });
  expect(parseTemplate(outputs["AppSpecForLambda"] ?? "")).toEqual({ Hooks: [{ BeforeAllowTraffic: "ref:Function" }] });
});

test("the checks see a property, an attribute and a type that AWS does not have, and a YAML alias", () => {
  const with_ = (from: string, to: string) => () =>
    shapeProblems(resolveTemplate(parseTemplate(planted(from, to)), PLAIN));
  const planted = (from: string, to: string) => {
    expect(source).toContain(from);
    return source.replace(from, to);
  };
  expect(with_("MemorySize: !Ref MemorySize", "MemorySise: !Ref MemorySize")()).toEqual([
    "Function.MemorySise is unknown to AWS",
  ]);
  expect(with_("!GetAtt Function.Arn", "!GetAtt Function.Arm")()).toEqual([
    "Function: AWS::Lambda::Function has no attribute Arm",
  ]);
  expect(with_("AWS::Lambda::Alias", "AWS::Lambda::Alyas")().join()).toContain("AWS has no type AWS::Lambda::Alyas");
  expect(with_("RecursiveLoop: Terminate", "RecursiveLoop: Stop")()).toEqual([
    "Function.RecursiveLoop is none of Allow, Terminate",
  ]);
  expect(with_("      Name: live\n", "")()).toEqual(["Alias has no Name"]);
  expect(with_("!GetAtt Role.Arn", "!GetAtt Rolle.Arn")).toThrow("reference to Rolle");
  expect(() => parseTemplate("a: &a 1\nb: *a\n")).toThrow("no YAML alias");
});
