// Runs a shell block of a document in a folder of its own: `aws` speaks to a server on this machine that has no account to offer,
// what would install or start something is only noted, and everything else is done. Judges nothing.
import { execFile } from "node:child_process";
import { appendFileSync } from "node:fs";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { ROOT } from "./built-product.ts";

/** What a block came to. */
export interface Shown {
  /** Every command that was called, as words; `aws` ones with `sent` or `unsent` before them. */
  readonly calls: readonly (readonly string[])[];
  /** Bodies of the requests that `aws` sent. */
  readonly requests: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
}

const NOTED = ["npm", "hj", "docker", "kubectl"];

// 037 stands between the words, because they may hold anything else.
const PRELUDE = `
note() { local IFS=$'\\037'; printf '%s\\n' "$*" >>"$CALLS"; }
aws() {
  local before after code
  before=$(wc -l <"$REQUESTS")
  command aws "$@" --endpoint-url "$ENDPOINT"
  code=$?
  after=$(wc -l <"$REQUESTS")
  if [ "$after" -gt "$before" ]; then note sent aws "$@"; else note unsent aws "$@"; fi
  return $code
}
${NOTED.map((name) => `${name}() { note ${name} "$@"; }`).join("\n")}
command_not_found_handle() { note unknown "$@"; return 127; }
`;

/** Runs it. `report` is what a deployed function would answer. */
export async function runBlock(block: string, report: string): Promise<Shown> {
  const folder = await mkdtemp(join(tmpdir(), "hj-documents-"));
  const [calls, requests] = [join(folder, "calls"), join(folder, "requests")];
  for (const file of [calls, requests]) await writeFile(file, "");
  for (const name of ["dist", "infra", "migrations", "package.json"])
    await symlink(join(ROOT, name), join(folder, name));
  const server = await startServer(report, requests);
  try {
    const { stdout, stderr } = await bash(PRELUDE + block, folder, {
      CALLS: calls,
      REQUESTS: requests,
      ENDPOINT: server.url,
    });
    const noted = (await readFile(calls, "utf8")).split("\n").slice(0, -1);
    const bodies = (await readFile(requests, "utf8")).split("\n").slice(0, -1);
    return { calls: noted.map((call) => call.split("\u001f")), requests: bodies, stdout, stderr };
  } finally {
    server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function bash(script: string, cwd: string, own: Readonly<Record<string, string>>) {
  const { PATH = "", HOME = cwd } = process.env;
  const env = {
    ...own,
    PATH,
    HOME,
    AWS_CONFIG_FILE: join(cwd, "config"),
    AWS_SHARED_CREDENTIALS_FILE: join(cwd, "credentials"),
    AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
    AWS_SECRET_ACCESS_KEY: "example",
    AWS_REGION: "eu-west-1",
    AWS_DEFAULT_REGION: "eu-west-1",
    AWS_PAGER: "",
    AWS_MAX_ATTEMPTS: "1",
  };
  const { promise, resolve } = Promise.withResolvers<{ stdout: string; stderr: string }>();
  // A block ends with what its last command said, and nobody has an account here.
  // Without --norc it takes a socket for its input as a remote login, and reads this user's own set-up.
  execFile("bash", ["--norc", "-c", script], { cwd, env }, (_error, stdout, stderr) => resolve({ stdout, stderr }));
  return promise;
}

async function startServer(report: string, requests: string) {
  const server = createServer(async (request, response) => {
    const body = await text(request);
    // Before it is answered: whoever sent it looks when the answer is there.
    appendFileSync(requests, `${request.method} ${request.url} ${body.replaceAll(/\s/g, " ")}\n`);
    if (request.url?.includes("/invocations")) return answer(response, 200, "application/json", report);
    const stack = /Action=DescribeStacks\b.*\bStackName=(?<name>[^&]*)/.exec(body)?.groups?.["name"];
    // In these words `aws cloudformation deploy` knows that it is to make one.
    if (stack !== undefined)
      return answer(response, 400, "text/xml", xml("ValidationError", `Stack with id ${stack} does not exist`));
    const isJson = request.headers["x-amz-target"] !== undefined || request.headers["content-type"]?.includes("json");
    return isJson
      ? answer(response, 403, "application/x-amz-json-1.1", DENIED_JSON)
      : answer(response, 403, "text/xml", xml("AccessDenied", "no account"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type }).end(body);
}

const DENIED_JSON = '{"__type":"AccessDeniedException","message":"no account"}';

function xml(code: string, message: string): string {
  return `<ErrorResponse><Error><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
}
