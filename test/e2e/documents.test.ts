// Every command that a document tells people to type: run where that is possible, held against the program that would take it
// where it is not. `npm ci` and `npm test` are not: this is a part of them. That their scripts exist is looked at.
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { describe, expect, onTestFinished, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { unvarying } from "../../generate/unvarying.ts";
import { createProgram } from "../../src/cli/program.ts";
import { awsCliIsMissing } from "../support/aws-cli.ts";
import { ROOT } from "../support/built-product.ts";
import { FUNCTION_TEMPLATE, readTemplate } from "../support/cloudformation-template.ts";
import { hj } from "../support/command-line.ts";
import { postgresVersions } from "../support/database.ts";
import { runBlock } from "../support/documented-shell.ts";
import { type Block, blocksIn, DOCUMENTS, readDocument } from "../support/documents.ts";
import { resolveTemplate } from "../support/resolve-template.ts";
import { freshDatabase } from "../support/workplace.ts";

const README = blocksIn(readDocument("README.md"));
const REPORT = README.find(({ language }) => language === "json")?.text ?? "";
const SHELL = DOCUMENTS.flatMap((document) =>
  blocksIn(readDocument(document)).flatMap((block) => (block.language === "sh" ? [{ document, ...block }] : [])),
);
const usesAws = ({ text }: Block) => /(?:^|\s|\()aws [a-z]/.test(text);
const serverUrl = postgresVersions.at(-1)?.url ?? "";

describe("the README's", () => {
  test("two commands are those that .ci/run and newcomers rely on", async () => {
    expect(README.flatMap(({ language, text }) => (language === "sh" ? [text] : []))).toEqual([
      "npm ci && npm run --silent hj -- migrations run --embedded\n",
      "npm ci && npm test\n",
    ]);
    const ci = await readFile(join(ROOT, ".ci", "run"), "utf8");
    for (const command of ["npm ci", "npm test"]) expect(ci).toMatch(new RegExp(`^ *${command} `, "m"));
  });

  test("first command prints what the README shows, and finds nothing to do the second time", async () => {
    const cwd = await mkdtemp(join(tmpdir(), "hj-readme-"));
    onTestFinished(() => rm(cwd, { recursive: true }));
    // The server's account, which for root is another one, has to enter it.
    await chmod(cwd, 0o755);
    const { HOME = cwd } = process.env;
    const run = () => hj(["migrations", "run", "--embedded"], { cwd, env: { HOME } });
    const shown = README.find(({ text }) => text.startsWith("$ hj migrations run\n"))?.text;
    expect(`$ hj migrations run\n${unvarying((await run()).stdout)}`).toBe(shown);
    expect((await run()).stdout).toContain("Database schema is up to date");
  });
});

describe("the shell block at", () => {
  test.each(SHELL.filter((block) => !usesAws(block)))("$document:$line is right", async ({ text }) => {
    expect(await faultsOf(text)).toEqual([]);
  });

  test.skipIf(awsCliIsMissing).each(SHELL.filter(usesAws))(
    "$document:$line is right, as far as AWS's command line can tell without an account",
    async ({ text }) => {
      expect(await faultsOf(text)).toEqual([]);
    },
  );
});

describe("a fault is found:", () => {
  test.each([
    ["an option that hj does not have", "hj migrations run --dry", "hj: unknown option"],
    ["a command that hj does not have", "npm run --silent hj -- migrations up", "hj: no such command"],
    ["a script that npm does not have", "npm run buidl", "npm: no script"],
    ["a program that nobody has", "hellojohn migrate", "unknown program"],
    [
      "a misspelt command of hj in an image",
      "docker run --rm hellojohn-migrations migrations runs",
      "hj: no such command",
    ],
  ])("%s", async (_what, block, fault) => {
    expect(await faultsOf(block)).toEqual([expect.stringContaining(fault)]);
  });

  test.skipIf(awsCliIsMissing).each([
    ["an option that aws does not have", "aws lambda invoke --function-name f --payloads p report.json"],
    ["a command that aws does not have", "aws deploy stop-deploy --deployment-id d"],
  ])("%s", async (_what, block) => {
    expect(await faultsOf(block)).toEqual([expect.stringContaining("aws did not get as far as asking")]);
  });
});

test.skipIf(awsCliIsMissing)("the stack of the deploy guide is one that the template takes", async () => {
  const block = SHELL.find(({ text }) => text.includes("aws cloudformation deploy"))?.text ?? "";
  const { requests } = await runBlock(block, REPORT);
  const changeSet = requests.find((request) => request.includes("Action=CreateChangeSet")) ?? "";
  const fields = new URLSearchParams(changeSet.split(" ").at(-1));
  const parameters: Record<string, string> = {};
  for (let index = 1; fields.has(`Parameters.member.${index}.ParameterKey`); index++) {
    const key = fields.get(`Parameters.member.${index}.ParameterKey`) ?? "";
    parameters[key] = fields.get(`Parameters.member.${index}.ParameterValue`) ?? "";
  }
  expect(Object.keys(parameters)).toContain("DatabaseSecretArn");
  expect(parameters["CodeSha256"]).toMatch(/^\S{43}=$/);
  expect(resolveTemplate(readTemplate(FUNCTION_TEMPLATE), parameters).refusals).toEqual([]);
});

test("the containers of the operations guide run the command line, with settings that it knows", async () => {
  const manifests = blocksIn(readDocument("docs/operations.md")).flatMap(({ language, text }) =>
    language === "yaml" ? parseAllDocuments(text).map((document) => document.toJS()) : [],
  );
  expect(manifests.map(({ kind }) => kind)).toEqual(["Deployment", "Job"]);
  const reference = readDocument("docs/reference.md");
  for (const { spec } of manifests) {
    const [container] = spec.template.spec.initContainers ?? spec.template.spec.containers;
    const database = await freshDatabase(serverUrl);
    const env: Record<string, string> = {};
    for (const { name, value } of container.env) {
      expect(reference).toContain(`\`${name}\``);
      env[name] = value ?? database.url;
    }
    expect(await hj(container.args, { env })).toMatchObject({ exitCode: 0, stderr: "" });
  }
});

/** What is wrong with a block; empty when nothing is. */
async function faultsOf(block: string): Promise<readonly string[]> {
  const { scripts } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  const { calls, stderr } = await runBlock(block, REPORT);
  if (calls.length === 0) return [`nothing was called: ${stderr}`];
  return calls.flatMap((call) => {
    const fault = faultOf(call, scripts);
    return fault === null ? [] : [`${fault}: ${call.join(" ")} ${call[0] === "unsent" ? stderr : ""}`];
  });
}

function faultOf([program, ...args]: readonly string[], scripts: Readonly<Record<string, string>>): string | null {
  switch (program) {
    case "sent":
    case "kubectl":
      return null;
    case "unsent":
      return "aws did not get as far as asking";
    case "hj":
      return faultOfHj(args);
    case "docker":
      return args[0] === "build" ? null : faultOfHj(args.slice(args.indexOf("hellojohn-migrations") + 1));
    case "npm": {
      const [command = "", script = ""] = args.filter((word) => word !== "--silent");
      if (script === "hj") return faultOfHj(args.slice(args.indexOf("--") + 1));
      if (command === "run") return script in scripts ? null : "npm: no script";
      return command === "ci" || command in scripts ? null : "npm: no script";
    }
    default:
      return "unknown program";
  }
}

/** By the command line's own table of commands and options, without running any. */
function faultOfHj(args: readonly string[]): string | null {
  let command: Command = createProgram({}, () => {});
  let rest = args;
  while (command.commands.length > 0) {
    const next = command.commands.find((one) => one.name() === rest[0]);
    if (next === undefined) return "hj: no such command";
    [command, rest] = [next, rest.slice(1)];
  }
  const { operands, unknown } = command.parseOptions([...rest]);
  if (unknown.length > 0) return "hj: unknown option";
  const wanted = command.registeredArguments.filter(({ required }) => required).length;
  return operands.length < wanted || operands.length > command.registeredArguments.length
    ? "hj: wrong arguments"
    : null;
}
