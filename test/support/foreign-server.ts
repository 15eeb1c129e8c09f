// A server that says its errors in another language, as lc_messages has it: the embedded ones know only English. What it says
// apart from their severity stays as it is.
import { connect } from "node:net";
import { createMessageReader, lengthOf } from "./conversation.ts";
import { freshLine } from "./line.ts";

/** As PostgreSQL's own translation to Russian has them. */
const SEVERITIES: Readonly<Record<string, string>> = { ERROR: "ОШИБКА", FATAL: "ВАЖНО" };

/** The same database behind a line that translates, for the running test alone. Not for TLS. */
export function foreignServer(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return freshLine(url, (client) => {
    const upstream = connect({ host: hostname, port: Number(port), noDelay: true }).on("error", () => undefined);
    client.pipe(upstream);
    upstream.on(
      "data",
      createMessageReader(
        (start) => lengthOf(start, { hasType: true }),
        (message) => client.write(translated(message)),
      ),
    );
    upstream.on("close", () => client.destroy());
    client.on("close", () => upstream.destroy());
  });
}

/** https://www.postgresql.org/docs/current/protocol-error-fields.html: S is translated, V never. */
function translated(message: Buffer): Buffer {
  if (message[0] !== "E".charCodeAt(0)) return message;
  const fields = message
    .toString("utf8", 5)
    .replace(/(?<=^|\0)S(ERROR|FATAL)(?=\0)/, (_, word) => `S${SEVERITIES[word]}`);
  const body = Buffer.from(fields);
  const head = Buffer.from("E\0\0\0\0");
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
