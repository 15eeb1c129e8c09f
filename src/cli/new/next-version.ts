// Which versions come next in a directory, and how its files are called. Pure.
import type { FileName } from "../../migration/file-name.ts";
import { compareVersions } from "../../migration/version.ts";

/**
 * As many versions as asked for, in order, in the form of the newest one: a date and three digits, or digits of the same width.
 * `today` is a date such as 20240601. Null where the day has no number left.
 */
export function nextVersions(names: readonly FileName[], today: string, count: number): readonly string[] | null {
  const newest = names.map(({ version }) => version).reduce(newer, "");
  const [day = "", number] = newest.split("_");
  if (newest !== "" && number === undefined) return Array.from({ length: count }, (_, index) => add(newest, index + 1));
  const isLater = day >= today;
  const first = isLater ? Number(number) + 1 : 1;
  if (first + count - 1 > 999) return null;
  const date = isLater ? day : today;
  return Array.from({ length: count }, (_, index) => `${date}_${String(first + index).padStart(3, "0")}`);
}

/** How the directory ends its names; `.up.sql` where it has none. */
export function suffixesOf(names: readonly FileName[]): { readonly up: string; readonly down: string } {
  const isUnderscored = names.some(({ file }) => /_(?:up|down)\.sql$/i.test(file));
  return isUnderscored ? { up: "_up.sql", down: "_down.sql" } : { up: ".up.sql", down: ".down.sql" };
}

function add(version: string, by: number): string {
  return String(BigInt(version) + BigInt(by)).padStart(version.length, "0");
}

function newer(a: string, b: string): string {
  return a === "" || compareVersions(a, b) < 0 ? b : a;
}
