// What is heard of a connection, from recorded bytes. Against real servers: test/integration/counting-proxy.test.ts.
import { expect, test } from "vitest";
import { listenToConversation } from "../support/conversation.ts";

/** A message with a type, as both sides send them after the first one. */
function message(type: string, content = ""): Buffer {
  const body = Buffer.from(content, "latin1");
  const head = Buffer.alloc(5);
  head.write(type, "latin1");
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** A message without a type: a request for TLS, or the start. */
function untyped(code: number, content = ""): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(content.length + 8);
  head.writeInt32BE(code, 4);
  return Buffer.concat([head, Buffer.from(content, "latin1")]);
}

const START = untyped(196_608, "user\0app\0\0");
const READY = message("Z", "I");
const AUTHENTICATED = Buffer.concat([message("R", "\0\0\0\0"), message("S", "TimeZone\0UTC\0"), READY]);

function listen() {
  const heard = { queries: [] as string[], roundTrips: 0 };
  const conversation = listenToConversation({
    onQuery: (text) => heard.queries.push(text),
    onRoundTrip: () => heard.roundTrips++,
  });
  return { heard, ...conversation };
}

test("authentication is no round trip; each ReadyForQuery behind it is one", () => {
  const { heard, onRequest, onReply } = listen();
  onRequest(START);
  onReply(AUTHENTICATED);
  expect(heard.roundTrips).toBe(0);
  onRequest(message("Q", "select 1\0"));
  onReply(Buffer.concat([message("C", "SELECT 1\0"), READY]));
  onRequest(message("Q", "begin;select 2;commit\0"));
  onReply(Buffer.concat([message("C", "BEGIN\0"), message("C", "SELECT 1\0"), message("C", "COMMIT\0"), READY]));
  expect(heard).toEqual({ queries: ["select 1", "begin;select 2;commit"], roundTrips: 2 });
});

test("a question with parameters is one round trip, and its text is that of its Parse message", () => {
  const { heard, onRequest, onReply } = listen();
  onRequest(START);
  onReply(AUTHENTICATED);
  const parse = message("P", "name\0select $1\0\0\0");
  onRequest(Buffer.concat([parse, message("B", "\0name\0"), message("E", "\0"), message("S")]));
  onReply(Buffer.concat([message("1"), message("2"), message("C", "SELECT 1\0"), READY]));
  expect(heard).toEqual({ queries: ["select $1"], roundTrips: 1 });
});

test("the same is heard when the bytes come one by one", () => {
  const { heard, onRequest, onReply } = listen();
  for (const byte of Buffer.concat([START, message("Q", "select 'Z'\0")])) onRequest(Buffer.of(byte));
  for (const byte of Buffer.concat([AUTHENTICATED, message("D", "Z\0\0\0\x05I"), READY])) onReply(Buffer.of(byte));
  expect(heard).toEqual({ queries: ["select 'Z'"], roundTrips: 1 });
});

test("a server that refuses TLS is heard on, and one that grants it no more", () => {
  const refused = listen();
  refused.onRequest(untyped(80_877_103));
  refused.onReply(Buffer.from("N"));
  refused.onRequest(START);
  refused.onReply(AUTHENTICATED);
  refused.onReply(READY);
  expect(refused.heard.roundTrips).toBe(1);

  const granted = listen();
  granted.onRequest(untyped(80_877_103));
  granted.onReply(Buffer.from("S"));
  granted.onRequest(message("Q", "select 1\0"));
  granted.onReply(Buffer.concat([READY, READY]));
  expect(granted.heard).toEqual({ queries: [], roundTrips: 0 });
});
