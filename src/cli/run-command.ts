// Turns a command and its flags into events, and reports into output and an exit code.
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { Environment } from "../connection/environment.ts";
import type { Report } from "../engine/report-schema.ts";
import type { Problem } from "../failure/problem.ts";
import { type Invoke, invokeToTheEnd } from "./continue-run.ts";
import { type ExitCode, exitCodeOf } from "./exit-code.ts";
import { type LocalInvoke, withLocalHandler } from "./invoke-locally.ts";
import { loadManifest } from "./local-manifest.ts";
import { renderReport } from "./render/render-report.ts";
import { styleFor } from "./render/style.ts";
import { chooseTarget, type TargetFlags } from "./target.ts";

/** Every flag of every command, as commander hands them over. */
export interface CommandFlags extends TargetFlags {
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly timeout?: string;
  readonly steps?: string;
  readonly allowOutOfOrder?: readonly string[];
  readonly as?: string;
  readonly event?: string;
  readonly dir?: string;
  readonly strict?: boolean;
}

/** Sends the event that a command and its flags mean, to its end, and prints the report. */
export async function runCommand(command: object, flags: CommandFlags, environment: Environment): Promise<ExitCode> {
  const report = await withInvoke(flags, environment, (invoke) => invokeToTheEnd(eventOf(command, flags), invoke));
  return print(report, flags);
}

/** Shows what will be recorded before it is; with `--dry-run` that is all. */
export async function resolveCommand(
  version: string,
  flags: CommandFlags,
  environment: Environment,
): Promise<ExitCode> {
  const event = eventOf({ command: "resolve", version, as: flags.as }, flags);
  return withInvoke(flags, environment, async (invoke) => {
    if (flags.json || flags.dryRun) return print(await invoke(event), flags);
    const shown = await invoke({ ...event, dryRun: true });
    const code = print(shown, flags);
    return shown.ok ? print(await invoke(event), flags) : code;
  });
}

/** Sends a raw event and prints the raw answer. */
export async function sendEvent(flags: CommandFlags, environment: Environment): Promise<ExitCode> {
  const source = flags.event ?? "-";
  const event = parseEvent(await (source === "-" ? text(process.stdin) : readEvent(source)), source);
  const answer = await withRawInvoke(flags, environment, (invoke) => invoke(event));
  process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
  return exitCodeOf(answer as Report);
}

/** What is no number is passed on as it is, so that the handler refuses it with all else that is wrong. */
export function numberOr(text: string): number | string {
  return /^\d{1,10}$/.test(text) ? Number(text) : text;
}

function eventOf(command: object, flags: CommandFlags): object {
  return {
    ...command,
    ...(flags.dryRun && { dryRun: true }),
    ...(flags.steps !== undefined && { steps: numberOr(flags.steps) }),
    ...(flags.timeout !== undefined && { timeout: flags.timeout }),
    ...(flags.allowOutOfOrder !== undefined && { allowOutOfOrder: flags.allowOutOfOrder }),
  };
}

function withInvoke<T>(
  flags: CommandFlags,
  environment: Environment,
  work: (invoke: Invoke) => Promise<T>,
): Promise<T> {
  return withRawInvoke(flags, environment, (invoke, findings) =>
    work(async (event) => {
      const report = (await invoke(event)) as Report;
      return { ...report, warnings: [...findings, ...report.warnings] };
    }),
  );
}

async function withRawInvoke<T>(
  flags: CommandFlags,
  environment: Environment,
  work: (invoke: LocalInvoke, findings: readonly Problem[]) => Promise<T>,
): Promise<T> {
  const loaded = await loadManifest(flags.dir, flags.strict ?? false);
  // A directory that does not compile is answered by the handler, like any other request that cannot be served.
  const manifest = "problems" in loaded ? loaded : loaded.manifest;
  const findings = "problems" in loaded ? [] : loaded.findings;
  return withLocalHandler(chooseTarget(flags, environment), manifest, (invoke) => work(invoke, findings));
}

function print(report: Report, { json }: CommandFlags): ExitCode {
  if (json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else {
    const { stdout, stderr } = renderReport(report, styleFor(process.stdout));
    process.stdout.write(stdout);
    process.stderr.write(stderr);
  }
  return exitCodeOf(report);
}

function readEvent(file: string): Promise<string> {
  return readFile(file, "utf8").catch((cause: Error) => {
    throw new SyntaxError(cause.message, { cause });
  });
}

function parseEvent(json: string, source: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new SyntaxError(`${source === "-" ? "standard input" : source} is not JSON`, { cause });
  }
}
