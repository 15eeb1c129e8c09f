// The image of the command line, as far as its Dockerfile says: test/e2e/container.test.ts builds and runs it where there
// is a Docker engine.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Arg, type Copy, DockerfileParser, type From, type Instruction } from "dockerfile-ast";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");
const { version, devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const instructions = DockerfileParser.parse(readFileSync(join(ROOT, "Dockerfile"), "utf8")).getInstructions();
const ignored = readFileSync(join(ROOT, ".dockerignore"), "utf8")
  .split("\n")
  .filter((line) => /^[^#]/.test(line));

function named(keyword: string, among: readonly Instruction[] = instructions): readonly Instruction[] {
  return among.filter((instruction) => instruction.getKeyword() === keyword);
}

/** From the last FROM on: what is in the image. */
const image = instructions.slice(instructions.lastIndexOf(named("FROM").at(-1) as Instruction));

test("every stage is made from one image, of the Node that is pinned, by its digest", () => {
  const [base] = named("ARG") as readonly Arg[];
  const property = base?.getProperty();
  expect(property?.getName()).toBe("NODE_IMAGE");
  expect(property?.getValue()).toMatch(/^node:[\w.]+-bookworm-slim@sha256:[0-9a-f]{64}$/);
  expect(property?.getValue()).toContain(`node:${devDependencies.node}-`);
  const stages = named("FROM") as readonly From[];
  for (const stage of stages) expect(stage.getImage()).toMatch(/^\$\{NODE_IMAGE\}$/);
});

test("what runs is not root, named by number, and needs no shell", () => {
  expect(named("USER", image).map((user) => user.getArgumentsContent())).toEqual(["1000:1000"]);
  expect(image.indexOf(named("USER", image)[0] as Instruction)).toBeGreaterThan(
    image.indexOf(named("COPY", image).at(-1) as Instruction),
  );
  expect(named("ENTRYPOINT", image).map((entry) => entry.getArgumentsContent())).toEqual([
    '["node", "/hellojohn/hj.mjs"]',
  ]);
  expect(named("RUN", image)).toEqual([]);
});

test("the image says which version it is", () => {
  const labels = named("LABEL", image).map((label) => label.getArgumentsContent() ?? "");
  expect(labels.join()).toContain(`org.opencontainers.image.version="${version}"`);
});

test("packages are those of the lock file, run nothing of their own, and in the image are only what hj needs", () => {
  const runs = named("RUN").map((run) => run.getArgumentsContent() ?? "");
  const installs = runs.filter((run) => run.startsWith("npm "));
  expect(installs).toHaveLength(2);
  for (const install of installs) expect(install).toMatch(/^npm ci .*--ignore-scripts/);
  expect(installs.at(-1)).toMatch(/--omit=dev --omit=optional/);
  expect(runs.join()).not.toMatch(/curl|wget|apt-get|npx/);
  expect(named("ADD")).toEqual([]);
});

test("no secret is built in, and nothing comes from the desk but what the build reads", () => {
  for (const instruction of [...named("ENV"), ...named("ARG")])
    expect(instruction.getArgumentsContent()).toMatch(/^(?:NODE_ENV=production|NODE_IMAGE=.+)$/);
  const [everything, ...exceptions] = ignored;
  expect(everything).toBe("*");
  const copied = (named("COPY") as readonly Copy[])
    .filter((copy) => copy.getFlags().every((flag) => flag.getName() !== "from"))
    .flatMap((copy) => copy.getArguments().slice(0, -1));
  const sources = new Set(copied.map((argument) => argument.getValue()));
  expect([...sources].map((source) => `!${source}`).sort()).toEqual([...exceptions].sort());
  for (const source of sources) expect(existsSync(join(ROOT, source)), source).toBe(true);
});
