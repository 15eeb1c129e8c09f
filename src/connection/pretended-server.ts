// A server that is not there, for the driver to talk to: no byte leaves the process. What it answers is its caller's.
import { Duplex } from "node:stream";
import { deriveKey, hmacSha256 } from "./password-proof.ts";

/** What answers one statement: rows, by column, as text; or what COPY TO STDOUT gives. */
export type PretendedResult =
  | { readonly rows: readonly Readonly<Record<string, string>>[] }
  | { readonly copied: string };

/** What pg takes for a socket: asks for the password, and answers every question with one result for each of `results`. */
export class PretendedServer extends Duplex {
  readonly #password: string;
  readonly #answer: Buffer;
  /** Both sides' first words about the password, once they are said. */
  #challenge: string | null = null;

  constructor(password: string, results: readonly PretendedResult[]) {
    super();
    this.#password = password;
    this.#answer = Buffer.concat([...results.map(result), READY]);
  }

  connect(): void {
    // pg listens when this has returned.
    process.nextTick(() => this.emit("connect"));
  }

  setNoDelay(): void {
    // There is no line to set anything on.
  }

  setKeepAlive(): void {
    // There is no line to set anything on.
  }

  override _read(): void {
    // What there is to read was pushed.
  }

  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    this.push(this.#answerTo(bytes));
    done();
  }

  /** Null ends the conversation. */
  #answerTo(bytes: Buffer): Buffer | null {
    switch (String.fromCharCode(bytes[0] ?? 0)) {
      case "Q":
        return this.#answer;
      case "X":
        return null;
      case "p":
        return this.#prove(bytes.toString());
      default:
        // The start-up message alone has no type.
        return message("R", int32(10), zeroEnded("SCRAM-SHA-256"), zeroEnded(""));
    }
  }

  /** Its side of SCRAM (RFC 5802), with one iteration. Whether the client's proof is right is nobody's concern. */
  #prove(said: string): Buffer {
    if (this.#challenge === null) {
      const [first = ""] = /n=\*,r=.*/.exec(said) ?? [];
      const challenge = `${first.slice("n=*,".length)}+,s=${SALT.toString("base64")},i=1`;
      this.#challenge = `${first},${challenge}`;
      return message("R", int32(11), Buffer.from(challenge));
    }
    const [last = ""] = /c=.*(?=,p=)/.exec(said) ?? [];
    const key = hmacSha256(deriveKey(this.#password, SALT, 1), "Server Key");
    const signature = hmacSha256(key, `${this.#challenge},${last}`);
    return Buffer.concat([message("R", int32(12), Buffer.from(`v=${signature.toString("base64")}`)), WELCOME]);
  }
}

const SALT = Buffer.from("salt");

function result(answer: PretendedResult): Buffer {
  if ("copied" in answer) {
    const data = message("d", Buffer.from(answer.copied));
    return Buffer.concat([
      message("H", Buffer.alloc(1), int16(0)),
      data,
      message("c"),
      message("C", zeroEnded("COPY")),
    ]);
  }
  const { rows } = answer;
  const columns = Object.keys(rows[0] ?? {});
  const described = columns.map((name) => Buffer.concat([zeroEnded(name), Buffer.alloc(18)]));
  return Buffer.concat([
    message("T", int16(columns.length), ...described),
    ...rows.map((row) => message("D", int16(columns.length), ...Object.values(row).map(sized))),
    message("C", zeroEnded("SELECT")),
  ]);
}

// https://www.postgresql.org/docs/current/protocol-message-formats.html
function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function sized(value: string): Buffer {
  return Buffer.concat([int32(Buffer.byteLength(value)), Buffer.from(value)]);
}

function zeroEnded(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

function int16(number: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(number);
  return bytes;
}

function int32(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(number);
  return bytes;
}

const READY = message("Z", Buffer.from("I"));
const WELCOME = Buffer.concat([message("R", int32(0)), message("K", int32(1), int32(0)), READY]);
