import { cp, mkdir, mkdtemp, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { inputsHash, isFresh, markFresh } from "../../../src/build/stamp.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "hj-stamp-"));
  await mkdir(join(root, "src", "engine"), { recursive: true });
  await mkdir(join(root, "migrations"));
  await mkdir(join(root, "test"));
  await writeFile(join(root, "src", "engine", "plan.ts"), "plan");
  await writeFile(join(root, "migrations", "1_a.up.sql"), "select 1;");
  await writeFile(join(root, "package-lock.json"), "{}");
  await writeFile(join(root, "esbuild.config.mjs"), "build");
});
afterEach(() => rm(root, { recursive: true }));

describe("inputsHash", () => {
  test.each([
    ["a source changes", () => writeFile(join(root, "src", "engine", "plan.ts"), "another plan")],
    ["a source is added", () => writeFile(join(root, "src", "main.ts"), "")],
    ["a source is renamed", () => rename(join(root, "src", "engine", "plan.ts"), join(root, "src", "engine", "p.ts"))],
    ["a source is removed", () => rm(join(root, "src", "engine", "plan.ts"))],
    ["a migration changes", () => writeFile(join(root, "migrations", "1_a.up.sql"), "select 2;")],
    ["a dependency changes", () => writeFile(join(root, "package-lock.json"), "{ }")],
    ["the way of building changes", () => writeFile(join(root, "esbuild.config.mjs"), "built")],
  ])("changes when %s", async (_what, change) => {
    const before = await inputsHash(root);
    await change();
    expect(await inputsHash(root)).not.toBe(before);
  });

  test.each([
    ["only times change", () => utimes(join(root, "src", "engine", "plan.ts"), 1, 1)],
    ["a test is added", () => writeFile(join(root, "test", "plan.test.ts"), "")],
  ])("stays when %s", async (_what, change) => {
    const before = await inputsHash(root);
    await change();
    expect(await inputsHash(root)).toBe(before);
  });

  test("is the same for the same inputs in another directory", async () => {
    const copy = join(root, "copy");
    for (const input of ["src", "migrations", "package-lock.json", "esbuild.config.mjs"]) {
      await cp(join(root, input), join(copy, input), { recursive: true });
    }
    expect(await inputsHash(copy)).toBe(await inputsHash(root));
  });
});

describe("isFresh", () => {
  test("is true for what was marked, and only for that", async () => {
    await markFresh(root, "one");
    expect(await isFresh(root, "one")).toBe(true);
    expect(await isFresh(root, "two")).toBe(false);
  });

  test("is false where nothing was built", async () => {
    expect(await isFresh(join(root, "dist"), "one")).toBe(false);
  });
});
