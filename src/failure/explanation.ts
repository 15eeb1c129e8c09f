// What a person makes of a code: the shape of a row, and the words for who can help. The rows are in
// explained-failures.ts and explained-problems.ts; the function is shipped without them, because a report says it already.

/** Who can put it right. */
export type Helper = keyof typeof HELPERS;

/** As the document writes them. */
export const HELPERS = {
  author: "author of the migration",
  caller: "who sent the command or event",
  deployer: "who deploys the function",
  account: "AWS administrator",
  dba: "database administrator",
  project: "this project",
  nobody: "nobody has to",
} as const;

/** One code, in sentences. A report has the facts of the one case; this is what all of them have in common. */
export interface Explanation {
  readonly meaning: string;
  readonly cause: string;
  readonly remedy: string;
  readonly who: Helper;
}
