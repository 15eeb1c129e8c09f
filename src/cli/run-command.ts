// Turns a command and its flags into events, and reports into output and an exit code.
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { Environment } from "../connection/environment.ts";
import { withoutCredentials } from "../connection/redact.ts";
import type { Report } from "../engine/report-schema.ts";
import type { Problem } from "../failure/problem.ts";
import type { Manifest } from "../migration/manifest.ts";
import { type Ask, type Ending, invokeToTheEnd, isReport } from "./continue-run.ts";
import { type ExitCode, exitCodeOf } from "./exit-code.ts";
import { incompleteSql, misusedSql } from "./misused-sql.ts";
import type { Invoke, NoReport } from "./no-report.ts";
import { isRefusal, readReport } from "./read-answer.ts";
import { renderNoReport } from "./render/render-problems.ts";
import { renderReport } from "./render/render-report.ts";
import { renderSql } from "./render/render-sql.ts";
import { styleFor } from "./render/style.ts";
import { type CliTarget, chooseTarget, type TargetFlags } from "./target.ts";

/** Every flag of every command, as commander hands them over. */
export interface CommandFlags extends TargetFlags {
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly dryRun?: boolean;
  readonly sql?: boolean;
  readonly timeout?: string;
  readonly steps?: string;
  readonly phase?: string;
  readonly showQueries?: boolean;
  readonly allowOutOfOrder?: readonly string[];
  readonly allowDataLoss?: readonly string[];
  readonly as?: string;
  readonly event?: string;
  /** Set by the command, not by a person. */
  readonly needsSnapshot?: boolean;
}

/** Sends the event that a command and its flags mean, to its end, and prints the report. */
export async function runCommand(command: object, flags: CommandFlags, environment: Environment): Promise<ExitCode> {
  const misuse = misusedSql(flags);
  if (misuse !== null) return complain(misuse);
  const needsSnapshot = "command" in command && (command.command === "validate" || command.command === "adopt");
  return withAsk({ ...flags, needsSnapshot }, environment, async (ask, manifest) => {
    const ending = await invokeToTheEnd(eventOf(command, flags), ask);
    return print(ending, flags, manifest);
  });
}

/** Shows what will be recorded before it is; with `--dry-run` that is all. */
export async function resolveCommand(
  version: string,
  flags: CommandFlags,
  environment: Environment,
): Promise<ExitCode> {
  const event = eventOf({ command: "resolve", version, as: flags.as }, flags);
  return withAsk(flags, environment, async (ask) => {
    if (flags.json || flags.dryRun) return print(endingOf(await ask(event)), flags);
    const shown = await ask({ ...event, dryRun: true });
    const code = print(endingOf(shown), flags);
    return isReport(shown) && shown.ok ? print(endingOf(await ask(event)), flags) : code;
  });
}

/** Sends a raw event and prints the raw answer, whatever it is. */
export async function sendEvent(flags: CommandFlags, environment: Environment): Promise<ExitCode> {
  const source = flags.event ?? "-";
  const event = parseEvent(await (source === "-" ? text(process.stdin) : readEvent(source)), source);
  const target = chooseTarget(flags, environment);
  const answer = await withInvoke(target, flags, (invoke) => invoke(event));
  if (answer.text !== null) process.stdout.write(`${answer.text}\n`);
  if (answer.noReport !== null) return complain(answer.noReport);
  const report = readReport(answer, functionOf(target));
  if (isReport(report)) return exitCodeOf(report);
  return isRefusal(answer.value) ? 1 : 0;
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
    ...(flags.phase !== undefined && { phase: flags.phase }),
    ...(flags.showQueries && { showQueries: true }),
    ...(flags.timeout !== undefined && { timeout: flags.timeout }),
    ...(flags.allowOutOfOrder !== undefined && { allowOutOfOrder: flags.allowOutOfOrder }),
    ...(flags.allowDataLoss !== undefined && { allowDataLoss: flags.allowDataLoss }),
  };
}

/** `work` is given the migrations too, where they are at hand. */
function withAsk<T>(
  flags: CommandFlags,
  environment: Environment,
  work: (ask: Ask, manifest: Manifest | null) => Promise<T>,
): Promise<T> {
  const target = chooseTarget(flags, environment);
  return withInvoke(target, flags, (invoke, findings, manifest) => {
    const ask: Ask = async (event) => {
      const report = readReport(await invoke(event), functionOf(target));
      return isReport(report) ? { ...report, warnings: [...findings, ...report.warnings] } : report;
    };
    return work(ask, manifest);
  });
}

/** Each way loads only what it needs: the SDK of the one and the driver of the other take longer than most commands. */
async function withInvoke<T>(
  target: CliTarget,
  flags: CommandFlags,
  work: (invoke: Invoke, findings: readonly Problem[], manifest: Manifest | null) => Promise<T>,
): Promise<T> {
  if (target.kind === "function") {
    const { withFunction } = await import("./invoke-function.ts");
    return withFunction(target.function, (invoke) => work(invoke, [], null));
  }
  const { loadManifest } = await import("./local-manifest.ts");
  const { withLocalHandler } = await import("./invoke-locally.ts");
  const { dir, strict: isStrict = false, needsSnapshot = false } = flags;
  const loaded = await loadManifest(dir, { isStrict, needsSnapshot });
  // A directory that does not compile is answered by the handler, like any other request that cannot be served.
  const manifest = "problems" in loaded ? loaded : loaded.manifest;
  const findings = "problems" in loaded ? [] : loaded.findings;
  const compiled = "problems" in manifest ? null : manifest;
  return withLocalHandler(target, manifest, (invoke) => work(invoke, findings, compiled));
}

function functionOf(target: CliTarget) {
  return target.kind === "function" ? target.function : null;
}

function endingOf(answer: Report | NoReport): Ending {
  return isReport(answer) ? { report: answer, noReport: null } : { report: null, noReport: answer };
}

/** Standard output has nothing but the report, and nothing at all without one. */
function print(
  { report, noReport }: Ending,
  { json, verbose, sql }: CommandFlags,
  manifest: Manifest | null = null,
): ExitCode {
  if (report !== null && json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else if (report !== null) {
    const incomplete = sql ? incompleteSql(report) : null;
    if (incomplete !== null) return complain(incomplete);
    const text = renderReport(report, styleFor(process.stdout), styleFor(process.stderr), verbose);
    const { stdout, stderr } = sql && manifest !== null ? renderSql(text, report, manifest) : text;
    process.stdout.write(stdout);
    process.stderr.write(stderr);
  }
  if (noReport !== null) return complain(noReport);
  return report === null ? 1 : exitCodeOf(report);
}

function complain(noReport: NoReport): ExitCode {
  process.stderr.write(withoutCredentials(renderNoReport(noReport, styleFor(process.stderr))));
  return noReport.exitCode;
}

function readEvent(file: string): Promise<string> {
  return readFile(file, "utf8").catch((cause: Error) => {
    throw new SyntaxError(`the event cannot be read: ${cause.message}`, { cause });
  });
}

function parseEvent(json: string, source: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new SyntaxError(`${source === "-" ? "standard input" : source} is not JSON`, { cause });
  }
}
