import { expect, test } from "vitest";
import { scoreOf } from "./rendezvous.ts";

const clients = Array.from({ length: 1000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);

function bestOf(client: string, servers: readonly string[]): string {
  const scored = servers.map((server) => ({ server, score: scoreOf(client, server) }));
  return scored.reduce((best, each) => (each.score > best.score ? each : best)).server;
}

test("scoreOf() spreads clients over servers whose names differ by a digit", () => {
  const servers = ["10.9.0.1:80", "10.9.0.2:80", "10.9.0.3:80", "10.9.0.4:80"];
  const counts = new Map(servers.map((server) => [server, 0]));
  for (const client of clients) {
    const best = bestOf(client, servers);
    counts.set(best, (counts.get(best) ?? 0) + 1);
  }
  for (const count of counts.values()) expect(count).toBeGreaterThan(200);
});

test("scoreOf() sends none elsewhere but those of the server that is gone", () => {
  const servers = ["a:80", "b:80", "c:80"];
  for (const client of clients) {
    const before = bestOf(client, servers);
    if (before !== "b:80") expect(bestOf(client, ["a:80", "c:80"])).toBe(before);
  }
});
