/** An HTTP proxy between clients in memory and servers that a test plays byte by byte. */

import { type HttpProxy, type HttpProxyOptions, connect } from "../src/net/proxy/http-proxy.ts";
import type { ServerLimits } from "../src/net/http/server.ts";
import { settled } from "./http-flows.ts";
import { FakeServers, type Served } from "./http-servers.ts";
import { httpWorld, type HttpWorld } from "./http-world.ts";

/** See above; `a` and `b` are the servers, unless a test names others. */
export interface ProxyWorld extends HttpWorld {
  readonly proxy: HttpProxy;
  readonly servers: FakeServers;
  /** The servers' connections for requests, without those for checks. */
  readonly asked: () => readonly Served[];
  /** Sends a request from a client of its own, and gives what the last server got of it. */
  readonly passedOn: (text: string) => Promise<string>;
}

export function proxyWorld(
  options: Partial<HttpProxyOptions> = {},
  limits: Partial<ServerLimits> = {},
): ProxyWorld {
  const servers = new FakeServers();
  const { simulation } = servers;
  const proxy = connect({
    stack: servers.stack,
    clock: simulation.clock,
    random: simulation.random("proxy"),
    backends: ["a", "b"].map((host) => ({ host, port: 80 })),
    name: "proxy",
    ...options,
  });
  const world = httpWorld(proxy.handler, limits, simulation);
  return {
    ...world,
    proxy,
    servers,
    asked: () => servers.connections,
    async passedOn(text) {
      await world.open().send(text);
      await settled();
      return servers.last.request();
    },
  };
}

/** Lets each server answer what it is asked at once: with its name, or as `answer` says. */
export function answering(
  { servers }: ProxyWorld,
  answer: (served: Served, request: string) => void = (served) => served.reply(served.host),
): void {
  servers.onConnect = (served) => {
    const write = served.client.write.bind(served.client);
    served.client.write = async (bytes) => {
      await write(bytes);
      if (!served.client.isAborted) answer(served, served.request());
    };
  };
}

/** A request of HTTP/1.1 for `path`. */
export function get(path: string = "/", ...fields: readonly string[]): string {
  return [`GET ${path} HTTP/1.1`, "Host: site.example", ...fields, "", ""].join("\r\n");
}

/** A request with a body. */
export function post(body: string, ...fields: readonly string[]): string {
  const length = `Content-Length: ${body.length}`;
  return ["POST / HTTP/1.1", "Host: site.example", length, ...fields, "", body].join("\r\n");
}
