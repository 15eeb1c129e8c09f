// The commands and their arguments. What a command does is not here: every one becomes an event for the handler.
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { Command } from "commander";
import type { Environment } from "../connection/environment.ts";
import type { Report } from "../engine/report-schema.ts";
import { type ExitCode, exitCodeOf } from "./exit-code.ts";
import { invokeLocally } from "./invoke-locally.ts";
import { renderReport } from "./render/render-report.ts";
import { styleFor } from "./render/style.ts";
import { chooseTarget, type TargetFlags } from "./target.ts";

interface Flags extends TargetFlags {
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly timeout?: string;
  readonly steps?: string;
  readonly event?: string;
}

/** Told what the process is to exit with. */
export type OnExit = (code: ExitCode) => void;

/** The command line `hj`. Parsing it runs a command; usage errors are thrown as commander's own. */
export function createProgram(environment: Environment, onExit: OnExit): Command {
  const program = new Command("hj").description("Runs database migrations before a deploy takes traffic.");
  // Subcommands copy this when they are made: usage errors come back as exceptions, and exit codes are ours.
  program.exitOverride().showHelpAfterError("(add --help for usage)");
  const migrations = program.command("migrations").description("what is applied, what is pending, and applying it");
  const add = (name: string, description: string) => {
    const command = migrations.command(name).description(description);
    command.action((flags: Flags) => runCommand(name, flags, environment).then(onExit));
    return withTarget(command).option("--json", "print the report as JSON, and nothing else, to standard output");
  };
  add("status", "say what is pending");
  add("run", "apply what is pending")
    .option("--dry-run", "say what would be applied, and change nothing")
    .option("--timeout <duration>", "for each migration: 90s, 5m, 1h30m (default: the file's, or 5m)");
  add("rollback", "take back the newest batch")
    .option("--dry-run", "say what would be taken back, and change nothing")
    .option("--steps <number>", "how many batches (default: 1)")
    .option("--timeout <duration>", "for each migration: 90s, 5m, 1h30m (default: the file's, or 5m)");
  add("list", "list all migrations");
  add("validate", "hold the live schema against what this build expects");
  withTarget(
    program.command("invoke").description("send an event to the handler, as a deploy would, and print its answer"),
  )
    .requiredOption("--event <file>", "a file with the event as JSON, or - for standard input")
    .action((flags: Flags) => invoke(flags, environment).then(onExit));
  return program;
}

function withTarget(command: Command): Command {
  return command
    .option(
      "--database-url <url>",
      "the database (HELLOJOHN_DATABASE_URL keeps the password from the list of processes)",
    )
    .option("--embedded", "a real PostgreSQL from npm, started on demand, its data in .hj/");
}

async function runCommand(command: string, flags: Flags, environment: Environment): Promise<ExitCode> {
  const event = {
    command,
    ...(flags.dryRun && { dryRun: true }),
    // What is no number is passed on as it is, so that the handler refuses it with all else that is wrong.
    ...(flags.steps !== undefined && { steps: /^\d+$/.test(flags.steps) ? Number(flags.steps) : flags.steps }),
    ...(flags.timeout !== undefined && { timeout: flags.timeout }),
  };
  const report = (await invokeLocally(event, chooseTarget(flags, environment), environment)) as Report;
  if (flags.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else {
    const { stdout, stderr } = renderReport(report, styleFor(process.stdout));
    process.stdout.write(stdout);
    process.stderr.write(stderr);
  }
  return exitCodeOf(report);
}

async function invoke(flags: Flags, environment: Environment): Promise<ExitCode> {
  const source = flags.event ?? "-";
  const event = parseEvent(await (source === "-" ? text(process.stdin) : readFile(source, "utf8")), source);
  const answer = await invokeLocally(event, chooseTarget(flags, environment), environment);
  process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
  return exitCodeOf(answer as Report);
}

function parseEvent(json: string, source: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new SyntaxError(`${source === "-" ? "standard input" : source} is not JSON`, { cause });
  }
}
