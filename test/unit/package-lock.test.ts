// The lock file is whole, also where the registry of the machine that wrote it was not.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Locked {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock = JSON.parse(readFileSync(new URL("../../package-lock.json", import.meta.url), "utf8"));
const packages: Readonly<Record<string, Locked>> = lock.packages;

/** Where Node would find a package from another one, and what of it is locked there. */
function lockedFrom(path: string, name: string): Locked | undefined {
  const nested = packages[`${path}/node_modules/${name}`];
  return nested ?? packages[`node_modules/${name}`];
}

test("the lock file names the packages of every platform, or npm ci would refuse it (node .ci/complete-lock.mjs)", () => {
  const wanted = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).map((name) => ({ path, name })),
  );
  expect(wanted.length).toBeGreaterThan(50);
  expect(wanted.filter(({ path, name }) => lockedFrom(path, name)?.version === undefined)).toEqual([]);
});
