// The gates themselves: each is seen to fail on a planted fault, because a gate that looked at nothing is green too.
import { execFile } from "node:child_process";
import { appendFile, cp, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
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

/** Runs one of the scripts that `npm run check` consists of, in the copy. */
async function run(gate: string): Promise<{ exitCode: number; output: string }> {
  try {
    const { stdout, stderr } = await execute("npm", ["run", "--silent", gate], { cwd: copy });
    return { exitCode: 0, output: stripVTControlCharacters(stdout + stderr) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { exitCode: code, output: stripVTControlCharacters(stdout + stderr) };
  }
}

/** What each gate has to see, planted all at once: that it is quiet where nothing is planted, `.ci/run` shows itself. */
const FAULTS = {
  lint: [
    {
      fault: "an import against the layers",
      file: "src/migration/version.ts",
      // Of a folder that imports none of ours: the cycles that others would make are another rule's.
      text: 'import { startServer } from "../embedded/server.ts";\nvoid startServer;\n',
      says: /src\/migration\/version\.ts\S* lint\/style\/noRestrictedImports/,
    },
    {
      fault: "pg imported outside connection and engine",
      file: "src/lambda/handler.ts",
      text: 'import { Client } from "pg";\nvoid Client;\n',
      says: /Only connection\/ and engine\/ import pg/,
    },
    {
      fault: "a benchmark of what nobody runs",
      file: "bench/tools.ts",
      text: 'import { serve } from "../src/engine/serve.ts";\nvoid serve;\n',
      says: /What is measured is what people run/,
    },
    {
      fault: "a demo of what nobody runs",
      file: "demo/narrator.ts",
      text: 'import { serve } from "../src/engine/serve.ts";\nvoid serve;\n',
      says: /What is shown is what people run/,
    },
    {
      fault: "the environment read outside its module",
      file: "src/engine/plan.ts",
      text: 'void process.env["PATH"];\n',
      says: /src\/engine\/plan\.ts\S* lint\/style\/noProcessEnv/,
    },
  ],
  "second-opinion": [
    {
      fault: "a migration that squawk warns of",
      file: "migrations/20240601_002_session_device_fingerprint.up.sql",
      text: "alter table hj_session drop column user_agent;\n",
      says: /ban-drop-column/,
    },
  ],
  types: [
    {
      fault: "a type error",
      file: "src/migration/version.ts",
      text: 'const wrong: number = "text";\nvoid wrong;\n',
      says: /TS2322/,
    },
  ],
  unused: [
    {
      fault: "an unused export",
      file: "src/migration/version.ts",
      text: "export function nobodyCallsThis(): void {}\n",
      says: /nobodyCallsThis/,
    },
  ],
  generated: [
    {
      fault: "a stale generated file",
      file: "docs/report.schema.json",
      text: "\n",
      says: /Stale: .*docs\/report\.schema\.json/,
    },
    {
      fault: "a migration that the picture of the schema does not show",
      file: "migrations/20240601_002_session_device_fingerprint.up.sql",
      text: "create table hj_not_drawn (id bigint primary key);\n",
      says: /Stale: .*docs\/schema\.md/,
    },
    {
      fault: "an example in the README that the program does not print",
      file: "README.md",
      text: "<!-- generated: status -->\nall is well\n<!-- end -->\n",
      says: /Stale: .*README\.md/,
    },
  ],
};

test.each(Object.entries(FAULTS))("%s says every fault that is planted for it", async (gate, faults) => {
  for (const { file, text } of faults) await appendFile(join(copy, file), text);
  const { exitCode, output } = await run(gate);
  expect(faults.filter(({ says }) => !says.test(output)).map(({ fault }) => fault)).toEqual([]);
  expect(exitCode).not.toBe(0);
});

test("`npm run check` is these gates, each of them, and `.ci/run` runs it", async () => {
  const { scripts } = JSON.parse(await readFile(join(copy, "package.json"), "utf8"));
  expect(scripts.check).toBe(
    Object.keys(FAULTS)
      .map((gate) => `npm run ${gate}`)
      .join(" && "),
  );
  expect(await readFile(join(copy, ".ci/run"), "utf8")).toMatch(/^npm run check \|\| failed=1$/m);
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
