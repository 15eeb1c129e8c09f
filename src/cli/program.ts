// The commands and their arguments. What a command does is not here: every one becomes an event for the handler.
import { Command, Option } from "commander";
import type { Environment } from "../connection/environment.ts";
import { withoutCredentials } from "../connection/redact.ts";
import type { CheckFlags } from "./check/check-command.ts";
import type { ExitCode } from "./exit-code.ts";
import type { NewFlags } from "./new/new-command.ts";
import { PATTERNS } from "./new/pattern-names.ts";
import type { PrintFlags } from "./print-report.ts";
import { type CommandFlags, numberOr, resolveCommand, runCommand, sendEvent } from "./run-command.ts";

/** Told what the process is to exit with. */
export type OnExit = (code: ExitCode) => void;

/** The command line `hj`. Parsing it runs a command; usage errors are thrown as commander's own. */
export function createProgram(environment: Environment, onExit: OnExit): Command {
  const program = new Command("hj").description("Runs database migrations before a deploy takes traffic.");
  // Subcommands copy this when they are made: usage errors come back as exceptions, and exit codes are ours.
  program.exitOverride().showHelpAfterError("(add --help for usage)");
  // A URL behind a misspelt flag is quoted as a flag that nobody knows, with its password.
  program.configureOutput({ outputError: (text, write) => write(withoutCredentials(text)) });
  const migrations = program.command("migrations").description("what is applied, what is pending, and applying it");
  const add = (name: string, description: string) =>
    withReport(withTarget(migrations.command(name).description(description)));
  const plain = (name: string, description: string) =>
    add(name, description).action((flags: CommandFlags) =>
      runCommand({ command: name }, flags, environment).then(onExit),
    );

  plain("status", "say what is pending");
  plain("run", "apply what is pending")
    .option("--dry-run", "say what would be applied, and change nothing")
    .option("--verbose", "in a dry run, also show the statements")
    .option("--sql", "in a dry run, print the SQL and nothing else to standard output")
    .option("--phase <phase>", "expand (default), contract: what waits until no old code is left, or all")
    .addOption(timeoutOption())
    .option("--show-queries", SHOW_QUERIES)
    .option("--allow-out-of-order <names...>", "migrations that may be applied although newer ones are");
  plain("rollback", "take back the newest batch")
    .option("--dry-run", "say what would be taken back, and change nothing")
    .option("--steps <number>", "how many batches (default: 1)")
    .option("--allow-data-loss <names...>", "tables, and columns as table.column, that may go with all they hold")
    .option("--show-queries", SHOW_QUERIES)
    .addOption(timeoutOption());
  plain("list", "list all migrations");
  plain("validate", "hold the live schema against what this build expects").option(
    "--verbose",
    "also say why, and what is there that no migration made",
  );
  add("adopt", "give a journal to a database that something else has migrated")
    .option("--yes", "record what is there; without it, only say what that is")
    .action(({ yes = false, ...flags }: CommandFlags & { readonly yes?: boolean }) =>
      runCommand({ command: "adopt", dryRun: !yes }, flags, environment).then(onExit),
    );
  add("resolve", "record what is true of a migration, where no run can find out")
    .argument("<version>", "the migration")
    .requiredOption("--as <what>", "applied, rolled_back, or checksum: its file is right as it is now")
    .option("--dry-run", "say what would be recorded, and change nothing")
    .action((version: string, flags: CommandFlags) => resolveCommand(version, flags, environment).then(onExit));
  add("unlock", "end the session that holds the run lock")
    .argument("<pid>", "that session, as a refused run names it")
    .action((pid: string, flags: CommandFlags) =>
      runCommand({ command: "unlock", pid: numberOr(pid) }, flags, environment).then(onExit),
    );
  migrations
    .command("check")
    .description("for authors: ask the rules, and try every migration up, down and up again")
    .option("--dir <directory>", "of the migrations", "migrations")
    .option("--since <ref>", "only what is new since this commit or branch")
    .addOption(new Option("--format <format>", "how to print it").choices(["text", "json", "github"]).default("text"))
    .option("--no-database", "ask only the rules")
    .action(async (flags: CheckFlags) => {
      const { checkCommand } = await import("./check/check-command.ts");
      onExit(await checkCommand(flags));
    });
  migrations
    .command("new")
    .description("for authors: write the files of a migration, with the safe pattern for a change")
    .argument("<name>", "such as add_locale")
    .addOption(new Option("--pattern <pattern>", "the change").choices(PATTERNS).default("empty"))
    .option("--table <name>", "the table that changes")
    .option("--column <name>", "its column")
    .option("--type <type>", "of a new column")
    .option("--references <table>", "the table that a foreign key leads to, by its primary key")
    .option("--to <name>", "the new name of a column")
    .option("--dir <directory>", "of the migrations", "migrations")
    .action(async (name: string, flags: NewFlags) => {
      const { newCommand } = await import("./new/new-command.ts");
      await newCommand(name, flags);
    });
  migrations
    .command("explain")
    .description("for authors: say what a rule is about, or list them all")
    .argument("[rule]", "as a finding names it")
    .action(async (rule?: string) => {
      const { explainRule } = await import("./explain-rule.ts");
      explainRule(rule);
    });
  withTarget(
    program.command("invoke").description("send an event to the handler, as a deploy would, and print its answer"),
  )
    .requiredOption("--event <file>", "a file with the event as JSON, or - for standard input")
    .action((flags: CommandFlags) => sendEvent(flags, environment).then(onExit));
  withReport(
    program.command("report").description("print a report that was saved with --json, or answered by the function"),
  )
    .argument("<file>", "a file with the report as JSON, or - for standard input")
    .option("--verbose", "say more, where the command that made it does")
    .action(async (file: string, flags: PrintFlags) => {
      const { reportCommand } = await import("./report-command.ts");
      onExit(await reportCommand(file, flags));
    });
  return program;
}

const SHOW_QUERIES = "where a lock is not free, show what those who keep it ran last; it can hold secrets";

function timeoutOption(): Option {
  return new Option("--timeout <duration>", "for each migration: 90s, 5m, 1h30m (default: the file's, or 5m)");
}

function withReport(command: Command): Command {
  return command
    .option("--json", "print the report as JSON, and nothing else, to standard output")
    .option("--html <file>", "also write it as a page that can be sent around: one file, which loads nothing");
}

function withTarget(command: Command): Command {
  return command
    .option(
      "--database-url <url>",
      "the database (HELLOJOHN_DATABASE_URL keeps the password from the list of processes)",
    )
    .option("--secret-id <id>", "the database, from a secret in Secrets Manager: its name or ARN")
    .option("--function <name>", "run it in AWS, in this function: NAME[:QUALIFIER] or its ARN")
    .option("--region <region>", "of the function or the secret (default: the profile's)")
    .option("--profile <name>", "of the AWS credentials")
    .option("--endpoint-url <url>", "an AWS endpoint that is not the region's own")
    .option("--embedded", "a real PostgreSQL from npm, started on demand, its data in .hj/")
    .option("--schema <name>", "the schema of the tables and the journal (default: public)")
    .option("--journal <name>", "the journal's table (default: hj_migration)")
    .option("--dir <directory>", "migrations of your own instead of the built-in ones")
    .option("--strict", "refuse a directory for what would only be a warning");
}
