// docs/cli.md: what every command says of itself, and what it prints. Pure.
import type { Command } from "commander";
import { createProgram } from "../src/cli/program.ts";
import { fenced, type Texts } from "./insertions.ts";

/** What stands under a command's help, by the names of examples.ts. */
const SHOWN: Readonly<Record<string, readonly string[]>> = {
  "hj migrations status": ["status"],
  "hj migrations run": ["run", "nothing-to-do", "dry-run", "failed-run"],
  "hj migrations rollback": ["rollback-dry-run", "rollback"],
  "hj migrations list": ["list"],
  "hj migrations validate": ["validate", "drift"],
};

const HEAD = `# Command line

What every command says with \`--help\`, and what it prints. This file is generated from \`src/cli/program.ts\` and from runs of
the built command on an empty PostgreSQL, by \`npm run generate\`; ids, instants, durations and the address of the server are
replaced by others. What it all means: [reference.md](reference.md).`;

/** The whole document. */
export function cliDocument(examples: Texts): string {
  const program = createProgram({}, () => {});
  return `${[HEAD, ...sections(program, "hj", examples)].join("\n\n")}\n`;
}

function sections(command: Command, name: string, examples: Texts): readonly string[] {
  // As wide as where no terminal is, so that this one does not decide.
  const help = command.configureOutput({ getOutHelpWidth: () => 80 }).helpInformation();
  const shown = (SHOWN[name] ?? []).flatMap((example) => examples.get(example) ?? []);
  const below = command.commands.flatMap((one) => sections(one, `${name} ${one.name()}`, examples));
  return [`## ${name}`, fenced("", help), ...shown, ...below];
}
