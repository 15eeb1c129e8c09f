// The protocol's own way to have a statement cancelled. It needs no session: a server that has none left hears it too.
import { once } from "node:events";
import { connect } from "node:net";
import type { Connection } from "./open.ts";

/** https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-CANCELREQUEST */
const CANCEL_REQUEST = 80877102;
const PATIENCE_MS = 3_000;

/**
 * Resolves when the server has hung up, which it does once the backend was told, or after three seconds without a word. Never
 * rejects: nothing says whether it was of use. Not encrypted, as libpq's PQcancel has it: it holds the key of this one session,
 * and no password. For a connection without a proxy between, which could hold the number of somebody else's backend.
 */
export async function requestCancel(connection: Connection): Promise<void> {
  const { processID, secretKey } = connection as unknown as { readonly processID: number; readonly secretKey: number };
  const request = new DataView(new ArrayBuffer(16));
  for (const [index, value] of [16, CANCEL_REQUEST, processID, secretKey].entries()) request.setInt32(index * 4, value);
  const socket = connect(connection.port, connection.host);
  const closed = once(socket.resume(), "close").catch(() => {});
  socket.setTimeout(PATIENCE_MS, () => socket.destroy());
  socket.end(new Uint8Array(request.buffer));
  await closed;
}
