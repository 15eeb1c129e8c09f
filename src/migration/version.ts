// What a version is and how two of them compare. One order for everything that sorts migrations.

/** Compares part by part as numbers, so that `9` comes before `10` and `0001` equals `1`. */
export function compareVersions(left: string, right: string): number {
  if (hasSameForm(left, right)) return left < right ? -1 : left > right ? 1 : 0;
  const [a, b] = [left.split("_"), right.split("_")];
  for (let part = 0; part < Math.max(a.length, b.length); part++) {
    const order = compareDigits(a[part] ?? "0", b[part] ?? "0");
    if (order !== 0) return order;
  }
  return 0;
}

/** Digits of the same places compare as text, which is asked of each of ten thousand: taking them apart costs twenty times as much. */
function hasSameForm(left: string, right: string): boolean {
  const mark = left.indexOf("_");
  if (left.length !== right.length || mark !== right.indexOf("_")) return false;
  return mark === -1 || (mark === left.lastIndexOf("_") && mark === right.lastIndexOf("_"));
}

/** One text for all spellings of a version: `0001` and `1`, `20240601` and `20240601_000`. */
export function canonicalVersion(version: string): string {
  return version.replace(/(^|_)0+/g, "$1").replace(/(?<!_)_+$/, "");
}

// Digits, not numbers: 20-digit versions exist, and 2^53 has 16.
function compareDigits(left: string, right: string): number {
  const [a, b] = [left.replace(/^0+/, ""), right.replace(/^0+/, "")];
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
