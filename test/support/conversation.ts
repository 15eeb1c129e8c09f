// One connection of the PostgreSQL protocol, heard from its bytes: the framing, and what a count needs of the rest. Pure.

/** What is told of a conversation. */
interface Heard {
  /** The text of a simple query or of a Parse message, before the server can have seen it. */
  readonly onQuery: (text: string) => void;
  /** An answer that ends with ReadyForQuery, but for the one that ends authentication. */
  readonly onRoundTrip: () => void;
}

/** Takes the bytes of each side, in chunks of any size. */
interface Conversation {
  readonly onRequest: (chunk: Buffer) => void;
  readonly onReply: (chunk: Buffer) => void;
}

/** Codes that stand where a protocol version stands in a first message. */
const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;

/** Reads both sides of one connection, because what the client asked decides how the server's bytes are framed. */
export function listenToConversation({ onQuery, onRoundTrip }: Heard): Conversation {
  let isStarting = true;
  let isEncrypted = false;
  let encryptionRepliesDue = 0;
  let isAuthenticated = false;

  const onRequest = createMessageReader(
    (start) => (isEncrypted ? start.length || null : lengthOf(start, { hasType: !isStarting })),
    (message) => {
      if (isEncrypted) return;
      if (isStarting) {
        const code = message.readInt32BE(4);
        if (code === SSL_REQUEST || code === GSS_REQUEST) encryptionRepliesDue++;
        else isStarting = false;
        return;
      }
      const text = queryText(message);
      if (text !== null) onQuery(text);
    },
  );
  const onReply = createMessageReader(
    (start) => {
      if (isEncrypted) return start.length || null;
      return encryptionRepliesDue > 0 ? 1 : lengthOf(start, { hasType: true });
    },
    (message) => {
      if (isEncrypted) return;
      if (encryptionRepliesDue > 0) {
        encryptionRepliesDue--;
        isEncrypted = message.toString("latin1") !== "N";
      } else if (messageType(message) === "Z") {
        if (isAuthenticated) onRoundTrip();
        isAuthenticated = true;
      }
    },
  );
  return { onRequest, onReply };
}

/**
 * Cuts a stream of chunks into messages. `lengthOf` says how long the one at the start is, null when it cannot tell
 * yet. Chunks are joined only when a message is complete, so that a large one is not copied again and again.
 */
export function createMessageReader(
  lengthOf: (start: Buffer) => number | null,
  onMessage: (message: Buffer) => void,
): (chunk: Buffer) => void {
  let chunks: Buffer[] = [];
  let size = 0;
  let needed = 1;
  return (chunk) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size < needed) return;
    let rest = Buffer.concat(chunks);
    for (;;) {
      needed = lengthOf(rest) ?? rest.length + 1;
      if (rest.length < needed) break;
      onMessage(rest.subarray(0, needed));
      rest = rest.subarray(needed);
    }
    chunks = [rest];
    size = rest.length;
  };
}

/**
 * With its length, and its type where it has one; null when that is not there yet.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html: only a client's first message has no type.
 */
export function lengthOf(start: Buffer, { hasType }: { hasType: boolean }): number | null {
  const offset = hasType ? 1 : 0;
  return start.length < offset + 4 ? null : offset + start.readInt32BE(offset);
}

function messageType(message: Buffer): string {
  return String.fromCharCode(message[0] ?? 0);
}

function queryText(message: Buffer): string | null {
  const type = messageType(message);
  if (type !== "Q" && type !== "P") return null;
  // Before a Parse message's text stands the name of the prepared statement.
  const start = type === "Q" ? 5 : message.indexOf(0, 5) + 1;
  return message.toString("utf8", start, message.indexOf(0, start));
}
