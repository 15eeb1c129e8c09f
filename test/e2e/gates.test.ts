// The gates themselves: each is seen to fail on a planted fault, because a gate that looked at nothing is green too.
import { execFile } from "node:child_process";
import { appendFile, cp, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ROOT } from "../support/built-product.ts";

const execute = promisify(execFile);
let copy: string;

beforeEach(async () => {
  copy = await mkdtemp(join(tmpdir(), "hj-gates-"));
  const { stdout } = await execute("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: ROOT });
  for (const file of stdout.trim().split("\n")) await cp(join(ROOT, file), join(copy, file));
  await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"));
});
afterEach(() => rm(copy, { recursive: true, force: true }));

/** Runs `.ci/run gates` in the copy. */
async function gates(): Promise<{ exitCode: number; output: string }> {
  try {
    const { stdout, stderr } = await execute("bash", [".ci/run", "gates"], {
      cwd: copy,
      env: { ...process.env, NO_COLOR: "1" },
    });
    return { exitCode: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { exitCode: code, output: stdout + stderr };
  }
}

test("the gates let the repository as it is pass", async () => {
  expect(await gates()).toMatchObject({ exitCode: 0 });
});

test.each([
  {
    fault: "an import against the layers",
    file: "src/migration/version.ts",
    text: 'import { serve } from "../engine/serve.ts";\nvoid serve;\n',
    says: "noRestrictedImports",
  },
  {
    fault: "pg imported outside connection and engine",
    file: "src/lambda/handler.ts",
    text: 'import { Client } from "pg";\nvoid Client;\n',
    says: "Only connection/ and engine/ import pg",
  },
  {
    fault: "a benchmark of what nobody runs",
    file: "bench/tools.ts",
    text: 'import { serve } from "../src/engine/serve.ts";\nvoid serve;\n',
    says: "What is measured is what people run",
  },
  {
    fault: "a demo of what nobody runs",
    file: "demo/narrator.ts",
    text: 'import { serve } from "../src/engine/serve.ts";\nvoid serve;\n',
    says: "What is shown is what people run",
  },
  {
    fault: "the environment read outside its module",
    file: "src/engine/plan.ts",
    text: 'void process.env["PATH"];\n',
    says: "noProcessEnv",
  },
  {
    fault: "an unused export",
    file: "src/migration/version.ts",
    text: "export function nobodyCallsThis(): void {}\n",
    says: "nobodyCallsThis",
  },
  {
    fault: "a type error",
    file: "src/migration/version.ts",
    text: 'const wrong: number = "text";\nvoid wrong;\n',
    says: "TS2322",
  },
  {
    fault: "a stale generated file",
    file: "docs/report.schema.json",
    text: "\n",
    says: "Stale: docs/report.schema.json",
  },
  {
    fault: "a migration that the picture of the schema does not show",
    file: "migrations/20240601_002_session_device_fingerprint.up.sql",
    text: "create table hj_not_drawn (id bigint primary key);\n",
    says: "Stale: docs/schema.md",
  },
  {
    fault: "an example in the README that the program does not print",
    file: "README.md",
    text: "<!-- generated: status -->\nall is well\n<!-- end -->\n",
    says: "Stale: README.md",
  },
  {
    fault: "a migration that squawk warns of",
    file: "migrations/20240601_002_session_device_fingerprint.up.sql",
    text: "alter table hj_session drop column user_agent;\n",
    says: "ban-drop-column",
  },
])("$fault fails the gates", async ({ file, text, says }) => {
  await appendFile(join(copy, file), text);
  const { exitCode, output } = await gates();
  expect(output).toContain(says);
  expect(exitCode).not.toBe(0);
});

test("squawk is kept from saying only what it would say of the migrations as they are", async () => {
  const config = await readFile(join(copy, ".squawk.toml"), "utf8");
  const excluded = [...config.matchAll(/^ {2}"(?<rule>[a-z-]+)",$/gm)].map((match) => match.groups?.["rule"] ?? "");
  const heard = await Promise.all(
    excluded.map(async (rule) => {
      // On the command line, the list takes the place of the file's.
      const others = excluded.filter((other) => other !== rule).join(",");
      const command = `npm run --silent second-opinion -- --reporter gcc --exclude ${others}`;
      return execute("bash", ["-c", command], { cwd: copy }).then(
        () => "nothing",
        ({ stdout }) => [...new Set(`${stdout}`.match(/(?<=warning: )[a-z-]+/g))].join(),
      );
    }),
  );
  expect(excluded.length).toBeGreaterThan(3);
  expect(heard).toEqual(excluded);
});
