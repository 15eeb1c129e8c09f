// The workflows of GitHub Actions: what they run is there, what they use cannot change under them, and they may do little.
import { accessSync, constants, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";

const ROOT = join(import.meta.dirname, "..", "..");
const FOLDER = join(ROOT, ".github", "workflows");

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly permissions?: unknown;
  readonly "timeout-minutes"?: number;
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly unknown[]>> };
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

const { scripts, devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const workflows = readdirSync(FOLDER).map((file) => {
  const text = readFileSync(join(FOLDER, file), "utf8");
  const workflow: Workflow = parse(text);
  const jobs = Object.values(workflow.jobs);
  return { file, text, workflow, jobs, steps: jobs.flatMap(({ steps }) => steps) };
});

test("there are workflows to look at", () => {
  expect(workflows.map(({ file }) => file)).toContain("ci.yml");
});

describe.each(workflows)("$file", ({ text, workflow, jobs, steps }) => {
  test("uses every action by its commit, with the version for people, and never two of one", () => {
    const used = [...text.matchAll(/uses: (?<uses>.+)/g)].map((match) => match.groups?.["uses"] ?? "");
    expect(used).toHaveLength(steps.filter(({ uses }) => uses !== undefined).length);
    for (const uses of used) expect(uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    expect(new Set(used).size).toBe(new Set(used.map((uses) => uses.split("@")[0])).size);
  });

  test("may read the repository and nothing else, and leaves no token behind", () => {
    expect(workflow.permissions).toEqual({ contents: "read" });
    expect(jobs.filter(({ permissions }) => permissions !== undefined)).toEqual([]);
    expect(Object.keys(workflow.on)).not.toContain("pull_request_target");
    expect(text).not.toMatch(/secrets\.|github\.token/);
    const checkouts = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    expect(checkouts).toHaveLength(jobs.length);
    for (const step of checkouts) expect(step.with).toMatchObject({ "persist-credentials": false });
  });

  test("puts no text of others into a shell", () => {
    for (const { run = "" } of steps) expect(run).not.toContain("${{");
  });

  test("runs what there is, on the Node that is pinned, and not for ever", () => {
    for (const { run } of steps) {
      if (run === undefined) continue;
      const script = /^npm (?:run )?(?<script>[\w:]+)/.exec(run)?.groups?.["script"];
      if (script === undefined) accessSync(join(ROOT, run.replace(/^sudo /, "")), constants.X_OK);
      else if (script !== "ci") expect(Object.keys(scripts)).toContain(script);
    }
    const nodes = steps.filter(({ uses }) => uses?.startsWith("actions/setup-node@"));
    for (const step of nodes) expect(step.with?.["node-version"]).toBe(devDependencies.node);
    for (const job of jobs) expect(job["timeout-minutes"]).toBeLessThanOrEqual(60);
  });
});

test("every supported PostgreSQL has a job of its own", () => {
  const versions = workflows.flatMap(({ jobs }) => jobs.flatMap((job) => job.strategy?.matrix["postgresql"] ?? []));
  expect(scripts["test:all"]).toBe(`TEST_POSTGRES_VERSIONS=${versions.join()} vitest run`);
});

test("somebody says what is new of all that is pinned", () => {
  const { updates } = parse(readFileSync(join(ROOT, ".github", "dependabot.yml"), "utf8"));
  const watched = (updates as { "package-ecosystem": string }[]).map((update) => update["package-ecosystem"]);
  expect(watched).toEqual(expect.arrayContaining(["npm", "github-actions", "docker"]));
});
