// What the templates allow: only what is named, and only to those who use it.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  asObject,
  FUNCTION_TEMPLATE,
  isList,
  type Json,
  parseTemplate,
  readTemplate,
  TEMPLATES,
} from "../../support/cloudformation-template.ts";
import { type ResolvedTemplate, resolveTemplate } from "../../support/resolve-template.ts";
import { EVERYTHING, EXAMPLE_PARAMETERS, IAM, PARAMETER_SETS, PLAIN } from "./parameter-sets.ts";

/** What AWS leaves no choice in, by action. What is not here may have no wildcard. */
const FORCED: Readonly<Record<string, string>> = {
  "codepipeline:PutJobSuccessResult": "a job is no resource to IAM",
  "codepipeline:PutJobFailureResult": "a job is no resource to IAM",
  "ec2:DescribeNetworkInterfaces": "EC2's Describe actions take no resource",
  "ec2:DescribeSubnets": "EC2's Describe actions take no resource",
  "ec2:CreateNetworkInterface": "Lambda names the interface itself; in this account and region only",
  "ec2:DeleteNetworkInterface": "Lambda insists on all resource ids; in this account and region only",
  "ec2:AssignPrivateIpAddresses": "Lambda names the interface itself; in this account and region only",
  "ec2:UnassignPrivateIpAddresses": "Lambda names the interface itself; in this account and region only",
  "lambda:ListFunctions": "takes no resource; CodePipeline asks for it",
  "ecs:DescribeTaskDefinition": "takes no resource",
  "ecs:RegisterTaskDefinition": "the task definition does not exist yet",
  "ecs:TagResource": "the task definition does not exist yet",
  "ecs:DescribeTasks": "a task's id is not known before",
  "ecs:ListTasks": "a task's id is not known before",
  "s3:GetObject": "an artifact's key is CodePipeline's to choose; in one bucket only",
  "s3:GetObjectVersion": "an artifact's key is CodePipeline's to choose; in one bucket only",
  "s3:PutObject": "an artifact's key is CodePipeline's to choose; in one bucket only",
};

/** Only these may stand for anything at all; the others of FORCED are bounded to an account or a bucket. */
const UNBOUNDED = /^(codepipeline:PutJob|ec2:Describe|lambda:ListFunctions$|ecs:)/;

interface Permission {
  readonly effect: string;
  readonly action: string;
  readonly resource: string;
}

/** Every permission in a template, of roles and of policies. */
function permissions({ resources }: ResolvedTemplate): readonly Permission[] {
  const list = (value: Json | undefined) => (value === undefined ? [] : isList(value) ? value : [value]);
  return Object.values(resources).flatMap(({ type, properties }) => {
    if (type !== "AWS::IAM::Role" && type !== "AWS::IAM::Policy") return [];
    return [properties, ...list(properties["Policies"]).map(asObject)]
      .flatMap(({ PolicyDocument }) => list(PolicyDocument && asObject(PolicyDocument)["Statement"]))
      .map(asObject)
      .flatMap(({ Effect, Action, Resource, ...others }) => {
        if ("NotAction" in others || "NotResource" in others)
          throw new Error("a statement that allows what it leaves out");
        return list(Action).flatMap((action) =>
          list(Resource).map((resource) => ({
            effect: String(Effect),
            action: String(action),
            resource: String(resource),
          })),
        );
      });
  });
}

function excessive(resolved: ResolvedTemplate): readonly Permission[] {
  return permissions(resolved).filter(({ effect, action, resource }) => {
    if (effect === "Deny") return false;
    if (action.includes("*")) return true;
    return resource.includes("*") && !(action in FORCED && (resource !== "*" || UNBOUNDED.test(action)));
  });
}

const resolved = TEMPLATES.flatMap(({ path, name }) =>
  Object.entries(path === FUNCTION_TEMPLATE ? PARAMETER_SETS : { "": EXAMPLE_PARAMETERS[name] ?? {} }).map(
    ([set, parameters]) => ({ name: `${name} ${set}`, template: resolveTemplate(readTemplate(path), parameters) }),
  ),
);

test.each(resolved)("$name has no wildcard beyond those that AWS forces", ({ template }) => {
  const grants = Object.values(template.resources).some(
    ({ type, properties }) => type === "AWS::IAM::Policy" || "Policies" in properties,
  );
  expect(permissions(template).length > 0).toBe(grants);
  expect(excessive(template)).toEqual([]);
});

test("every forced wildcard is still needed", () => {
  const used = resolved.flatMap(({ template }) =>
    permissions(template).flatMap(({ action, resource }) => (resource.includes("*") ? [action] : [])),
  );
  expect(Object.keys(FORCED).filter((action) => !used.includes(action))).toEqual([]);
});

test.each([
  ["Action: secretsmanager:GetSecretValue", "Action: secretsmanager:*"],
  ["Resource: !Ref DatabaseSecretArn", 'Resource: "*"'],
  ["Resource: !Ref DatabaseSecretArn", "Resource: arn:aws:secretsmanager:eu-west-1:111122223333:secret:*"],
  ["- ec2:AssignPrivateIpAddresses", "- ec2:ModifyNetworkInterfaceAttribute"],
])("a wildcard is found when %s becomes %s", (from, to) => {
  const source = readFileSync(FUNCTION_TEMPLATE, "utf8");
  expect(source).toContain(from);
  const planted = parseTemplate(source.replace(from, to));
  expect(excessive(resolveTemplate(planted, EVERYTHING))).not.toEqual([]);
});

describe("the function may do", () => {
  const template = readTemplate(FUNCTION_TEMPLATE);
  const allowed = (parameters: Readonly<Record<string, string>>) => {
    const { resources, ...rest } = resolveTemplate(template, parameters);
    const { ScheduleRole: _, ...own } = resources;
    const granted = permissions({ ...rest, resources: own });
    return granted.flatMap(({ effect, action, resource }) => (effect === "Allow" ? [`${action} ${resource}`] : []));
  };
  const LOG = ["logs:CreateLogStream att:LogGroup.Arn", "logs:PutLogEvents att:LogGroup.Arn"];
  const SECRET = `secretsmanager:GetSecretValue ${PLAIN["DatabaseSecretArn"]}`;
  const ITSELF =
    "lambda:InvokeFunction arn:aws:lambda:eu-west-1:111122223333:function:CodeDeployHook_hellojohn-migrations";

  test.each([
    ["log and read its secret, and no more", PLAIN, []],
    [
      "answer the one deployment group, and hand over to itself",
      { ...PLAIN, CodeDeployApplication: "app", CodeDeployDeploymentGroup: "group" },
      [
        "codedeploy:PutLifecycleEventHookExecutionStatus arn:aws:codedeploy:eu-west-1:111122223333:deploymentgroup:app/group",
        ITSELF,
        `${ITSELF}:live`,
      ],
    ],
    ["hand over to itself for a custom resource", { ...PLAIN, CustomResource: "true" }, [ITSELF, `${ITSELF}:live`]],
    [
      "answer a pipeline",
      { ...PLAIN, CodePipeline: "true" },
      ["codepipeline:PutJobSuccessResult *", "codepipeline:PutJobFailureResult *"],
    ],
    [
      "decrypt with the customer's key",
      { ...PLAIN, SecretKmsKeyArn: "arn:aws:kms:eu-west-1:111122223333:key/k" },
      ["kms:Decrypt arn:aws:kms:eu-west-1:111122223333:key/k"],
    ],
  ] as const)("%s", (_, parameters, more) => {
    expect(allowed(parameters)).toEqual([...LOG, SECRET, ...more]);
  });

  test("connect as the one user of IAM authentication, and read no secret", () => {
    expect(allowed(IAM)).toEqual([
      ...LOG,
      "rds-db:connect arn:aws:rds-db:eu-west-1:111122223333:dbuser:cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ/hj_migrations",
    ]);
  });

  test("decrypt for Secrets Manager and its own secret only", () => {
    const { resources } = resolveTemplate(template, EVERYTHING);
    expect(resources["DecryptSecretPolicy"]?.properties["PolicyDocument"]).toMatchObject({
      Statement: [
        {
          Condition: {
            StringEquals: {
              "kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com",
              "kms:EncryptionContext:SecretARN": PLAIN["DatabaseSecretArn"],
            },
          },
        },
      ],
    });
  });
});
