// moto, an independent imitation of AWS in Python, where it is installed: the second opinion on our own stubs.
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { startOnFreePort, startWatched } from "./watched-process.ts";

/** A server that imitates many services, in memory. */
export interface Moto {
  readonly endpointUrl: string;
  stop(): Promise<void>;
}

/** Whether there is a moto_server that starts, for `describe.runIf`: a shim of pyenv may lead nowhere. */
export const hasMoto: boolean = runsMoto();

/** Serves on a free port of 127.0.0.1. A second or two, because Python loads a lot. */
export function startMoto(): Promise<Moto> {
  return startOnFreePort(async (port) => {
    const started = await startWatched(["moto_server", "-H", "127.0.0.1", "-p", String(port)], {
      cwd: tmpdir(),
      env: environment(),
      readyWhen: /Running on/,
    });
    return { endpointUrl: `http://127.0.0.1:${port}`, stop: started.stop };
  }, /in use/);
}

/** Without the machine's AWS settings, which moto would take for its own; pyenv's shims need HOME. */
function environment(): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", PYTHONUNBUFFERED: "1" };
}

function runsMoto(): boolean {
  try {
    execFileSync("moto_server", ["--help"], { env: environment(), stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
