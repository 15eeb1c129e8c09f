// docs/hazards.md: the table of rules for people, with its examples. Pure; generate.ts writes it.
import type { ClaimedLock, Rule } from "./rule.ts";

/** The whole document. */
export function hazardDocument(rules: readonly Rule[]): string {
  const parts = [HEAD, contents(rules), ...rules.map(section)];
  return `${parts.join("\n\n")}\n`;
}

/** `ACCESS EXCLUSIVE on account, while every row is written anew`. */
export function describeClaim({ table, mode, work }: ClaimedLock): string {
  const words = mode.replace(/Lock$/, "").replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ");
  return `${words.toUpperCase()} on ${table}${work === null ? "" : `, while ${WORK[work]}`}`;
}

const WORK = {
  rewrite: "every row is written anew",
  scan: "every row is read",
  build: "an index is built",
} as const;

const HEAD = `# Hazards

What a migration can do to those who use the database meanwhile, or to the version of the application that is still
running. \`npm run build\` refuses HelloJohn's own migrations for an error that nobody has allowed; \`hj migrations check\` tells
authors, with the line; \`hj migrations run --dry-run\` tells operators, with the tables as they are. In a directory of somebody
else's the errors are warnings, unless \`--strict\` is said.

A hazard that does no harm is allowed in the head of its file, with the object as the finding names it and the reason:

\`\`\`sql
-- hj:allow create-index session the table has 200 rows and never more
\`\`\`

A waiver that allows nothing is an error. Directives are no part of a migration's checksum, so a waiver can be added later.

Rules that only protect old code are silent in a contract migration (\`-- hj:phase contract after VERSION\`), which runs when no
old code is left. The locks below are those that the bad example really takes: a test runs it on PostgreSQL 14 and 18 and
looks. This file is generated from \`src/hazards/rules/\` by \`npm run generate\`.`;

function contents(rules: readonly Rule[]): string {
  const rows = rules.map(({ id, title, level, breaksOldCode }) => {
    return `| [${id}](#${id}) | ${title} | ${level} | ${breaksOldCode === null ? "" : "yes"} |`;
  });
  return ["| rule | what | level | breaks old code |", "|---|---|---|---|", ...rows].join("\n");
}

function section(rule: Rule): string {
  const facts = [
    `*${rule.level === "error" ? "Error" : "Warning"}.* ${rule.title}.`,
    rule.why,
    `**Instead.** ${rule.instead}${rule.since === null ? "" : ` ${rule.since}`}`,
    ...(rule.breaksOldCode === null ? [] : [`**Old code.** ${rule.breaksOldCode}`]),
    ...(rule.locks.length === 0 ? [] : [`**Lock.** ${rule.locks.map(describeClaim).join("; ")}.`]),
    ...(rule.isFineInContract ? ["Silent in a contract migration."] : []),
  ];
  return [`## ${rule.id}`, ...facts, examples("Bad", rule.bad), examples("Good", rule.good)].join("\n\n");
}

/** Each file a block. */
function examples(title: string, files: readonly string[]): string {
  return [`${title}:`, ...files.map((sql) => `\`\`\`sql\n${sql}\n\`\`\``)].join("\n\n");
}
