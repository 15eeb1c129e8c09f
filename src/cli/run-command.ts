// Turns a command and its flags into events, and reports into output and an exit code.
import type { Environment } from "../connection/environment.ts";
import type { Report } from "../engine/report-schema.ts";
import type { Problem } from "../failure/problem.ts";
import type { Manifest } from "../migration/manifest.ts";
import { type Ask, type Ending, invokeToTheEnd, isReport } from "./continue-run.ts";
import { type ExitCode, exitCodeOf } from "./exit-code.ts";
import type { Picture } from "./html/picture.ts";
import { misusedSql } from "./misused-sql.ts";
import type { Invoke, NoReport } from "./no-report.ts";
import { alone, complain, misusedPage, type PrintFlags, print, printAndWrite } from "./print-report.ts";
import { isRefusal, readReport } from "./read-answer.ts";
import { readJson } from "./read-json.ts";
import { type CliTarget, chooseTarget, type TargetFlags } from "./target.ts";

/** Every flag of every command, as commander hands them over. */
export interface CommandFlags extends TargetFlags, PrintFlags {
  readonly dryRun?: boolean;
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
  const misuse = misusedSql(flags) ?? (await misusedPage(flags));
  if (misuse !== null) return complain(misuse);
  const needsSnapshot = "command" in command && (command.command === "validate" || command.command === "adopt");
  return withAsk({ ...flags, needsSnapshot }, environment, async (ask, manifest) => {
    const ending = await invokeToTheEnd(eventOf(command, flags), ask);
    const isStatus = "command" in command && command.command === "status";
    return printAndWrite(ending, flags, manifest, isStatus ? (report) => surveyed(report, ask, flags) : alone);
  });
}

/** A status names what is not applied. Its page also shows what is, and whether the schema is what it should be. */
async function surveyed(report: Report, ask: Ask, { dir }: CommandFlags): Promise<Picture> {
  // What kept one from an answer would keep the others, for as long again.
  if (!report.ok) return alone(report);
  const list = await ask({ command: "list" });
  return { report, list, validation: dir === undefined ? await ask({ command: "validate" }) : NOT_TRIED };
}

const NOT_TRIED: NoReport = {
  message: "what the migrations of a directory make is found out on an empty PostgreSQL, which a status does not start",
  hint: "Run hj migrations validate with the same --dir.",
  exitCode: 1,
};

/** Shows what will be recorded before it is; with `--dry-run` that is all. */
export async function resolveCommand(
  version: string,
  flags: CommandFlags,
  environment: Environment,
): Promise<ExitCode> {
  const event = eventOf({ command: "resolve", version, as: flags.as }, flags);
  const misuse = await misusedPage(flags);
  if (misuse !== null) return complain(misuse);
  return withAsk(flags, environment, async (ask) => {
    const tell = (answer: Report | NoReport) => printAndWrite(endingOf(answer), flags, null, alone);
    if (flags.json || flags.dryRun) return tell(await ask(event));
    const shown = await ask({ ...event, dryRun: true });
    if (!isReport(shown) || !shown.ok) return tell(shown);
    print(endingOf(shown), flags);
    return tell(await ask(event));
  });
}

/** Sends a raw event and prints the raw answer, whatever it is. */
export async function sendEvent(flags: CommandFlags, environment: Environment): Promise<ExitCode> {
  const source = flags.event ?? "-";
  const event = await readJson(source, "the event");
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
