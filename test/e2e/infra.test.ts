// The templates before judges that are not ours: AWS's linter, and moto, which makes a stack as far as it can. Both are
// Python programs; where they are missing the tests are reported as skipped, and test/unit/infra/ still checks shapes.
import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FUNCTION_TEMPLATE, TEMPLATES } from "../support/cloudformation-template.ts";
import { hasMoto, type Moto, startMoto } from "../support/moto.ts";
import { PARAMETER_SETS } from "../unit/infra/parameter-sets.ts";

const execute = promisify(execFile);

/**
 * All at once, because it reads what AWS knows for longer than any template. Throws what is no finding.
 * https://github.com/aws-cloudformation/cfn-lint, where its exit codes are bits below 32; the npm package of that name is another one.
 */
async function lint(paths: readonly string[]): Promise<string[]> {
  const isFound = ({ code }: { code: unknown }) => typeof code === "number" && code < 32;
  const { stdout } = await execute("cfn-lint", ["--format", "parseable", "--", ...paths]).catch((error) => {
    if (isFound(error)) return error as { stdout: string };
    throw error;
  });
  return stdout.split("\n").filter((line) => line !== "");
}

describe.runIf(hasLinter())("cfn-lint, where it is installed,", () => {
  let directory: string;
  let faulty: string;
  let findings: readonly string[];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "hj-cfn-lint-"));
    faulty = join(directory, "template.yaml");
    const template = await readFile(FUNCTION_TEMPLATE, "utf8");
    await writeFile(faulty, template.replace("RecursiveLoop: Terminate", "RecursiveLoop: Stop"));
    findings = await lint([...TEMPLATES.map(({ path }) => path), faulty]);
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  function foundIn(path: string): string[] {
    return findings.filter((line) => line.startsWith(`${path}:`));
  }

  test.each(TEMPLATES)("has nothing to say about $name", ({ path }) => {
    expect(foundIn(path)).toEqual([]);
  });

  test("has something to say about a fault, and about nothing else", () => {
    expect(foundIn(faulty)).toEqual(findings);
    expect(findings).toEqual([expect.stringContaining("'Stop' is not one of")]);
  });
});

describe.runIf(hasMoto)("moto, where it is installed,", () => {
  let moto: Moto;
  let network: Readonly<Record<string, string>>;

  beforeAll(async () => {
    moto = await startMoto();
    await aws("s3", { method: "PUT", path: "code-bucket" });
    await aws("s3", { method: "PUT", path: "code-bucket/hellojohn-migrations/r1.zip", body: "a zip" });
    network = await makeNetwork();
  });
  afterAll(() => moto?.stop());

  /** moto looks at who signed for which service, and never at the signature. */
  async function aws(service: string, { path = "", ...init }: { path?: string } & RequestInit): Promise<string> {
    const response = await fetch(`${moto.endpointUrl}/${path}`, {
      ...init,
      headers: { authorization: `AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/${service}/aws4_request` },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${service}: ${response.status} ${text}`);
    return text;
  }

  async function call(service: string, parameters: Readonly<Record<string, string>>): Promise<string> {
    const version = service === "ec2" ? "2016-11-15" : "2010-05-15";
    return aws(service, { method: "POST", body: new URLSearchParams({ Version: version, ...parameters }) });
  }

  function tag(name: string, xml: string): string {
    const [, text] = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml) ?? [];
    if (text === undefined) throw new Error(`no ${name} in ${xml}`);
    return text;
  }

  /** What the sets of parameters refer to has to be there, under the names that moto gives. */
  async function makeNetwork(): Promise<Readonly<Record<string, string>>> {
    const vpc = tag("vpcId", await call("ec2", { Action: "CreateVpc", CidrBlock: "10.0.0.0/16" }));
    const [subnet, other] = await Promise.all(
      ["10.0.0.0/24", "10.0.1.0/24"].map(async (CidrBlock) =>
        tag("subnetId", await call("ec2", { Action: "CreateSubnet", VpcId: vpc, CidrBlock })),
      ),
    );
    const group = { Action: "CreateSecurityGroup", VpcId: vpc, GroupName: "database", GroupDescription: "database" };
    return {
      VpcId: vpc,
      SubnetIds: `${subnet},${other}`,
      DatabaseSecurityGroupId: tag("groupId", await call("ec2", group)),
      S3EndpointRouteTableIds: tag("routeTableId", await call("ec2", { Action: "CreateRouteTable", VpcId: vpc })),
    };
  }

  test.each(Object.entries(PARAMETER_SETS))("makes the stack %s", async (name, parameters) => {
    const given = Object.entries(parameters).map(([key, value]) => [key, network[key] ?? value] as const);
    const StackName = `stack-${Object.keys(PARAMETER_SETS).indexOf(name)}`;
    await call("cloudformation", {
      Action: "CreateStack",
      StackName,
      "Capabilities.member.1": "CAPABILITY_IAM",
      TemplateBody: await readFile(FUNCTION_TEMPLATE, "utf8"),
      ...Object.fromEntries(
        given.flatMap(([key, value], index) => [
          [`Parameters.member.${index + 1}.ParameterKey`, key],
          [`Parameters.member.${index + 1}.ParameterValue`, value],
        ]),
      ),
    });
    expect(tag("StackStatus", await call("cloudformation", { Action: "DescribeStacks", StackName }))).toBe(
      "CREATE_COMPLETE",
    );
    const made = await call("cloudformation", { Action: "DescribeStackResources", StackName });
    expect(made).toContain("AWS::Lambda::Version");
    expect(made.includes("AWS::EC2::SecurityGroup<")).toBe("VpcId" in parameters);
    // One at a time: all of them have the same function.
    await call("cloudformation", { Action: "DeleteStack", StackName });
  });
});

/** A shim of pyenv may be there and lead nowhere. */
function hasLinter(): boolean {
  try {
    return execFileSync("cfn-lint", ["--version"], { encoding: "utf8", stdio: "pipe" }).startsWith("cfn-lint 1.");
  } catch {
    return false;
  }
}
