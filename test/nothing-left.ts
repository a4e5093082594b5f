/**
 * After each test, the hosts that it made are taken down, and then there must be no connection left
 * and no timer.
 */

import { afterEach, expect } from "vitest";
import { timersOf } from "../src/net/timers.ts";
import { watch } from "./tcp-world.ts";

watch.worlds = [];

afterEach(async () => {
  for (const { client, server, simulation } of watch.worlds?.splice(0) ?? []) {
    for (const host of [client, server]) {
      await host.dispose();
      expect(host.tcp.counters["connections"], `connections of ${host.address}`).toBe(0);
    }
    expect(timersOf(simulation.clock).activeCount, "timers").toBe(0);
  }
});
