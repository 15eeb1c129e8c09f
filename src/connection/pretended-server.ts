// A server that is not there, for the driver to talk to: no byte leaves the process. What it answers is its caller's.
import { Duplex } from "node:stream";

/** The rows that answer one statement, by column, as text. */
export type PretendedRows = readonly Readonly<Record<string, string>>[];

/** What pg takes for a socket: lets everybody in, and answers every message with one result for each of `results`. */
export class PretendedServer extends Duplex {
  readonly #answer: Buffer;

  constructor(results: readonly PretendedRows[]) {
    super();
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
    this.push(this.#answerTo(String.fromCharCode(bytes[0] ?? 0)));
    done();
  }

  /** The start-up message alone has no type. Null ends the conversation. */
  #answerTo(type: string): Buffer | null {
    if (type === "Q") return this.#answer;
    return type === "X" ? null : WELCOME;
  }
}

function result(rows: PretendedRows): Buffer {
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
