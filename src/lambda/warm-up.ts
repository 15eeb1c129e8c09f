// An invocation that nobody asked for, with nothing to do and no database: what is compiled and looked up when it is first
// used is then there for the one that counts. While it initialises a function has two processors, and of 512 MB a third of one after it.
import { type PretendedResult, PretendedServer } from "../connection/pretended-server.ts";
import { parseSettings } from "../connection/settings.ts";
import type { Manifest } from "../migration/manifest.ts";
import { awsCaller } from "./call-aws.ts";
import { createHandler } from "./handler.ts";

/**
 * Resolves to its report, before anything from outside is heard of: nothing in it waits for a timer, a thread or a socket.
 * `log` is given its line, which is nobody's to read.
 */
export async function warmUp(log: (line: object) => void): Promise<unknown> {
  const handle = createHandler(SETTINGS, MANIFEST, {
    caller: awsCaller,
    log,
    openStream: () => new PretendedServer(PASSWORD, RESULTS),
  });
  return handle(
    { command: "run" },
    {
      invocationId: "warm-up",
      functionArn: "arn:aws:lambda:us-east-1:000000000000:function:warm-up",
      remainingMs: () => 60_000,
      signal: new AbortController().signal,
      onProgress: () => {},
    },
  );
}

const PASSWORD = "pretended";
const SETTINGS = parseSettings({ HELLOJOHN_DATABASE_URL: `postgresql://warm-up:${PASSWORD}@127.0.0.1/warm-up` });

const MANIFEST: Manifest = {
  manifestVersion: 1,
  hash: "",
  migrations: [
    {
      version: "1",
      name: "first",
      checksum: "",
      up: { file: "", transactional: true, keepsSession: true, timeoutMs: null, sql: "", statements: [] },
      down: null,
      irreversible: null,
      contractAfter: null,
      change: null,
      foreseen: null,
    },
  ],
};

const NO_ROWS: PretendedResult = { rows: [] };
const FACTS = {
  server_version: "18.0",
  server_version_number: "180000",
  is_read_only: "f",
  backend_pid: "1",
  asked_at: "2024-06-01 09:00:00+00",
  role: "warm-up",
  server_start: "2024-06-01 09:00:00+00",
};

/** What a server answers that has all of MANIFEST: openingMessage (engine/open-session.ts) is its only question. */
const RESULTS: readonly PretendedResult[] = [
  ...Array.from({ length: 7 }, () => NO_ROWS),
  { rows: [FACTS] },
  NO_ROWS,
  {
    copied:
      "1\t1\tfirst\tapplied\texpand\t1\t\t1\t0\twarm-up\t2024-06-01 09:00:00.123456+00\t2024-06-01 09:00:01.123456+00\n",
  },
];
