// A TCP proxy in front of PostgreSQL that counts what passes and can break the line. Tests use it, and measurements.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { listenToConversation } from "./conversation.ts";

/** How the line behaves; by default it passes everything on at once. */
export interface ProxyOptions {
  /** One way: a round trip takes twice as long. */
  readonly latencyMs?: number;
  /** Called with each text before it is sent on, so that a test can break the line at exactly this point. */
  readonly onQuery?: (text: string) => void;
}

/** Since the start or the last reset. */
interface ProxyCounts {
  /** Also those that only carry a cancel request. */
  readonly connections: number;
  /** Answers of the server that end with ReadyForQuery, without the one that ends authentication. */
  readonly roundTrips: number;
  /** The texts of simple queries and of Parse messages, in the order in which they came. */
  readonly queries: readonly string[];
}

/** A line to the server that a test can watch and break. */
export interface CountingProxy {
  /** The server's, with the proxy's host and port. */
  readonly url: string;
  counts(): ProxyCounts;
  reset(): void;
  /** Closes every connection at once; new ones are served, also where the line was frozen. */
  sever(): void;
  /** From now on nothing arrives, and nothing is closed: in both directions, or only what the server answers. */
  freeze(direction?: "both" | "replies"): void;
  /** From now on everything that arrives is kept back, in both directions; from within onQuery, that very text too. */
  hold(): void;
  /** Passes on what was kept back, in its order, and everything from now on. What a frozen line holds is lost. */
  release(): void;
  /** New connections go to this server: the one that takes the place of the old. */
  leadTo(targetUrl: string): void;
  /** Closes every connection and the port. */
  close(): Promise<void>;
}

/** What all connections of one proxy share. */
interface ProxyState {
  readonly latencyMs: number;
  readonly onQuery: (text: string) => void;
  readonly sockets: Set<Socket>;
  target: URL;
  frozen: "no" | "both" | "replies";
  /** What is kept back; null while nothing is. */
  held: (() => void)[] | null;
  connections: number;
  roundTrips: number;
  queries: string[];
}

/** Listens on a free port of 127.0.0.1. TLS passes through, uncounted. */
export async function startCountingProxy(targetUrl: string, options: ProxyOptions = {}): Promise<CountingProxy> {
  const state: ProxyState = {
    target: new URL(targetUrl),
    held: null,
    latencyMs: options.latencyMs ?? 0,
    onQuery: options.onQuery ?? (() => undefined),
    sockets: new Set(),
    frozen: "no",
    connections: 0,
    roundTrips: 0,
    queries: [],
  };
  // Half-open, because a frozen line must not answer the end of one side with the end of the other.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => serve(client, state));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(targetUrl);
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as AddressInfo).port);
  const sever = () => {
    state.frozen = "no";
    state.held = null;
    for (const socket of state.sockets) socket.destroy();
  };
  return {
    url: url.href,
    counts: () => ({ connections: state.connections, roundTrips: state.roundTrips, queries: [...state.queries] }),
    reset: () => Object.assign(state, { connections: 0, roundTrips: 0, queries: [] }),
    sever,
    freeze: (direction = "both") => {
      state.frozen = direction;
    },
    hold: () => {
      state.held ??= [];
    },
    release: () => {
      const held = state.held ?? [];
      state.held = null;
      for (const act of held) act();
    },
    leadTo: (nextUrl) => {
      state.target = new URL(nextUrl);
    },
    close: async () => {
      sever();
      server.close();
      await once(server, "close");
    },
  };
}

function serve(client: Socket, state: ProxyState): void {
  state.connections++;
  track(client, state);
  if (state.frozen === "both") return;
  const upstream = connect({
    host: state.target.hostname,
    port: Number(state.target.port || 5432),
    allowHalfOpen: true,
    noDelay: true,
  });
  track(upstream, state);
  const listener = listenToConversation({
    onQuery: (text) => {
      state.queries.push(text);
      state.onQuery(text);
    },
    onRoundTrip: () => {
      state.roundTrips++;
    },
  });
  pass({ from: client, to: upstream, onChunk: listener.onRequest, isHeld: () => state.frozen === "both" }, state);
  pass({ from: upstream, to: client, onChunk: listener.onReply, isHeld: () => state.frozen !== "no" }, state);
}

function track(socket: Socket, state: ProxyState): void {
  state.sockets.add(socket);
  socket.on("close", () => state.sockets.delete(socket));
  // "close" follows and is what counts; without a listener the error would end the test run.
  socket.on("error", () => undefined);
}

interface Direction {
  readonly from: Socket;
  readonly to: Socket;
  readonly onChunk: (chunk: Buffer) => void;
  readonly isHeld: () => boolean;
}

function pass({ from, to, onChunk, isHeld }: Direction, state: ProxyState): void {
  // Timers of one duration fire in the order in which they were set, so the order of chunks is kept.
  const later = (act: () => void) => {
    const unlessHeld = () => {
      if (!isHeld()) act();
    };
    if (state.held !== null) state.held.push(unlessHeld);
    else if (state.latencyMs > 0) setTimeout(unlessHeld, state.latencyMs);
    else unlessHeld();
  };
  from.on("data", (chunk) => {
    if (isHeld()) return;
    onChunk(chunk);
    later(() => to.writable && to.write(chunk));
  });
  from.on("end", () => later(() => to.end()));
  from.on("close", (hadError) => hadError && later(() => to.destroy()));
}
