// AWS's own command line, as a second client of the Invoke API. Nothing of the machine's AWS settings reaches it.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const PATH = process.env["PATH"] ?? "";

/**
 * Why a test of it cannot be run here; null when it can. As root on Debian it has to be there (.ci/run installs
 * awscli), and without it the tests fail.
 */
export const awsCliIsMissing: string | null =
  isInstalled() || (existsSync("/etc/debian_version") && process.getuid?.() === 0) ? null : "the AWS CLI is missing";

/** What a finished `aws` left. */
export interface AwsFinished {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** Runs `aws` with credentials that any local endpoint takes. `home` holds what it writes. */
export async function aws(
  args: readonly string[],
  home: string,
  env: Readonly<Record<string, string>> = {},
): Promise<AwsFinished> {
  if (!isInstalled()) throw new Error("the AWS CLI is missing: apt-get install awscli, as .ci/run does");
  const environment = {
    PATH,
    // A version manager's shim looks for its versions below the real home.
    HOME: process.env["HOME"] ?? home,
    AWS_CONFIG_FILE: join(home, "config"),
    AWS_SHARED_CREDENTIALS_FILE: join(home, "credentials"),
    AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
    AWS_SECRET_ACCESS_KEY: "example",
    AWS_REGION: "eu-west-1",
    AWS_DEFAULT_REGION: "eu-west-1",
    AWS_PAGER: "",
    ...env,
  };
  const { promise, resolve } = Promise.withResolvers<AwsFinished>();
  execFile("aws", args, { env: environment, cwd: home }, (error, stdout, stderr) => {
    resolve({ stdout, stderr, exitCode: typeof error?.code === "number" ? error.code : error === null ? 0 : 1 });
  });
  return await promise;
}

function isInstalled(): boolean {
  return PATH.split(delimiter).some((folder) => existsSync(join(folder, "aws")));
}
