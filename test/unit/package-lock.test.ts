// The lock file is whole, also where the registry of the machine that wrote it was not.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Locked {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

type Packages = Readonly<Record<string, Locked>>;

/** Where Node would find a package from another one, and what of it is locked there. */
function lockedFrom(packages: Packages, path: string, name: string): Locked | undefined {
  const nested = packages[`${path}/node_modules/${name}`];
  return nested ?? packages[`node_modules/${name}`];
}

test.each([
  { file: "package-lock.json", platforms: 50 },
  { file: "bench/package-lock.json", platforms: 6 },
])(
  "$file names the packages of every platform, or npm ci would refuse it (node .ci/complete-lock.mjs $file)",
  ({ file, platforms }) => {
    const lock = JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), "utf8"));
    const packages: Packages = lock.packages;
    const wanted = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).map((name) => ({ path, name })),
    );
    expect(wanted.length).toBeGreaterThan(platforms);
    expect(wanted.filter(({ path, name }) => lockedFrom(packages, path, name)?.version === undefined)).toEqual([]);
  },
);
