// A port that leads to a server the way a test wants it to. What passes is counted and held by counting-proxy.ts.
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** The same URL with the line's port, for the running test alone; `serve` is given each connection and its number, from 1. */
export async function freshLine(url: string, serve: (client: Socket, number: number) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    sockets.add(client.on("error", () => undefined));
    serve(client, sockets.size);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  return Object.assign(new URL(url), { port: String((server.address() as AddressInfo).port) }).href;
}
