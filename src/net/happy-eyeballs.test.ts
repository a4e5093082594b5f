import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import {
  ProtocolError,
  ResolverError,
  type ProtocolErrorCode,
  type Resolver,
  type ResolverErrorCode,
  type Tcp,
  type TcpFlow,
} from "../devices/index.ts";
import { Simulation } from "../simulated/index.ts";
import { connectByName } from "./happy-eyeballs.ts";
import { timersOf } from "./timers.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What an address or family does, after how many milliseconds. */
type Outcome<Good, Code> = readonly [afterMs: number, outcome: Good | Code];

interface World {
  readonly simulation: Simulation;
  /** Attempts, as `address @ milliseconds`. */
  readonly attempts: string[];
  /** Connections and attempts that were given up. */
  readonly givenUp: string[];
  readonly connect: (options?: { readonly signal?: AbortSignal }) => Promise<string>;
}

/** A network where names are found, and addresses answer, as the tables say. */
function world(
  names: Readonly<Record<4 | 6, Outcome<readonly string[], ResolverErrorCode>>>,
  hosts: Readonly<Record<string, Outcome<"open", ProtocolErrorCode>>>,
  heedsSignals: boolean = true,
): World {
  const simulation = new Simulation({ seed: 1, turn });
  const { clock } = simulation;
  const attempts: string[] = [];
  const givenUp: string[] = [];
  const resolver: Partial<Resolver> = {
    resolve: async (_, { family = 4, signal } = {}) => {
      const [afterMs, outcome] = names[family];
      await clock.sleep(afterMs, signal);
      if (typeof outcome === "string") throw new ResolverError(outcome, `family ${family}`);
      return outcome;
    },
  };
  const tcp: Partial<Tcp> = {
    connect: async ({ address, port }, { signal } = {}) => {
      attempts.push(`${address} @ ${Math.round(clock.monotonicMs())}`);
      const [afterMs, outcome] = hosts[address] ?? [1e6, "timed-out"];
      try {
        await clock.sleep(afterMs, heedsSignals ? signal : undefined);
      } catch (error) {
        givenUp.push(address);
        throw error;
      }
      if (outcome !== "open") throw new ProtocolError(outcome, address);
      const flow: Partial<TcpFlow> = {
        remote: { address, port },
        abort: () => void givenUp.push(address),
      };
      return flow as TcpFlow;
    },
  };
  const connect = async (options = {}): Promise<string> => {
    const devices = { resolver: resolver as Resolver, tcp: tcp as Tcp, clock };
    const flow = await connectByName(devices, "host.example", 80, options);
    return `${flow.remote.address} ${flow.remote.port}`;
  };
  return { simulation, attempts, givenUp, connect };
}

const both = {
  6: [10, ["fd00::1", "fd00::2"]],
  4: [10, ["10.0.0.1", "10.0.0.2"]],
} as const;

describe("connectByName()", () => {
  test("connects to the first address if it answers", async () => {
    const { simulation, attempts, connect } = world(both, { "fd00::1": [200, "open"] });
    expect(await simulation.run(connect)).toBe("fd00::1 80");
    expect(attempts).toEqual(["fd00::1 @ 10"]);
    expect(timersOf(simulation.clock).activeCount).toBe(0);
  });

  test("tries the families in turn, 250 ms apart, and gives up all others", async () => {
    const { simulation, attempts, givenUp, connect } = world(both, { "10.0.0.2": [1, "open"] });
    expect(await simulation.run(connect)).toBe("10.0.0.2 80");
    expect(attempts).toEqual(["fd00::1 @ 10", "10.0.0.1 @ 260", "fd00::2 @ 510", "10.0.0.2 @ 760"]);
    await simulation.run(() => simulation.clock.sleep(1));
    expect(givenUp.toSorted()).toEqual(["10.0.0.1", "fd00::1", "fd00::2"]);
    expect(timersOf(simulation.clock).activeCount).toBe(0);
  });

  test("aborts a connection that comes too late", async () => {
    const open = { "fd00::1": [300, "open"], "10.0.0.1": [100, "open"] } as const;
    const { simulation, givenUp, connect } = world(both, open, false);
    expect(await simulation.run(connect)).toBe("fd00::1 80");
    await simulation.run(() => simulation.clock.sleep(1000));
    expect(givenUp).toEqual(["10.0.0.1"]);
  });

  test("lets go of the signal", async () => {
    const { simulation, connect } = world(both, { "fd00::1": [200, "open"] });
    const { signal } = new AbortController();
    await simulation.run(() => connect({ signal }));
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("takes an earlier attempt that answers late", async () => {
    const { simulation, attempts, connect } = world(both, { "fd00::1": [300, "open"] });
    expect(await simulation.run(connect)).toBe("fd00::1 80");
    expect(attempts).toEqual(["fd00::1 @ 10", "10.0.0.1 @ 260"]);
  });

  test("tries the next at once when one fails", async () => {
    const { simulation, attempts, connect } = world(both, {
      "fd00::1": [5, "refused"],
      "10.0.0.1": [5, "open"],
    });
    expect(await simulation.run(connect)).toBe("10.0.0.1 80");
    expect(attempts).toEqual(["fd00::1 @ 10", "10.0.0.1 @ 15"]);
  });

  test("waits 50 ms for IPv6 when IPv4 is found first", async () => {
    const open = { "fd00::1": [5, "open"], "10.0.0.1": [5, "open"] } as const;
    const soon = world({ ...both, 6: [50, ["fd00::1"]] }, open);
    expect(await soon.simulation.run(soon.connect)).toBe("fd00::1 80");
    expect(soon.attempts).toEqual(["fd00::1 @ 50"]);
    const late = world({ ...both, 6: [70, ["fd00::1"]] }, open);
    expect(await late.simulation.run(late.connect)).toBe("10.0.0.1 80");
    expect(late.attempts).toEqual(["10.0.0.1 @ 60"]);
  });

  test("does not wait for IPv6 that is not there", async () => {
    const { simulation, attempts, connect } = world(
      { ...both, 6: [20, "not-found"] },
      { "10.0.0.1": [5, "open"] },
    );
    expect(await simulation.run(connect)).toBe("10.0.0.1 80");
    expect(attempts).toEqual(["10.0.0.1 @ 20"]);
  });

  test("tries addresses that are found while others are tried", async () => {
    const { simulation, attempts, connect } = world(
      { 6: [10, ["fd00::1"]], 4: [1000, ["10.0.0.1"]] },
      { "10.0.0.1": [5, "open"] },
    );
    expect(await simulation.run(connect)).toBe("10.0.0.1 80");
    expect(attempts).toEqual(["fd00::1 @ 10", "10.0.0.1 @ 1000"]);
  });

  test("waits for the other family when all of one have failed", async () => {
    const { simulation, attempts, connect } = world(
      { 6: [10, ["fd00::1"]], 4: [1000, ["10.0.0.1"]] },
      { "fd00::1": [1, "unreachable"], "10.0.0.1": [5, "open"] },
    );
    expect(await simulation.run(connect)).toBe("10.0.0.1 80");
    expect(attempts).toEqual(["fd00::1 @ 10", "10.0.0.1 @ 1000"]);
  });

  test("rejects with the error of the last address, one without a route aside", async () => {
    const { simulation, connect } = world(both, {
      "fd00::1": [1, "no-route"],
      "fd00::2": [1, "no-route"],
      "10.0.0.1": [1, "unreachable"],
      "10.0.0.2": [1, "refused"],
    });
    await expect(simulation.run(connect)).rejects.toMatchObject({ cause: { code: "refused" } });
    const alone = world(
      { ...both, 4: [1, "not-found"] },
      {
        "fd00::1": [1, "no-route"],
        "fd00::2": [1, "no-route"],
      },
    );
    await expect(alone.simulation.run(alone.connect)).rejects.toMatchObject({
      cause: { code: "no-route" },
    });
    expect(timersOf(alone.simulation.clock).activeCount).toBe(0);
  });

  test.each([
    ["not-found", "not-found", "not-found"],
    ["not-found", "timed-out", "timed-out"],
    ["server-failure", "not-found", "server-failure"],
  ] as const)("rejects as the resolver did: %s and %s", async (six, four, expected) => {
    const { simulation, connect } = world({ 6: [10, six], 4: [20, four] }, {});
    await expect(simulation.run(connect)).rejects.toMatchObject({ cause: { code: expected } });
    expect(timersOf(simulation.clock).activeCount).toBe(0);
  });

  test("ends with its signal, and leaves nothing behind", async () => {
    const { simulation, givenUp, connect } = world(both, {});
    const controller = new AbortController();
    const reason = new Error("enough");
    const ended = expect(connect({ signal: controller.signal })).rejects.toBe(reason);
    await simulation.run(() => simulation.clock.sleep(400));
    controller.abort(reason);
    await ended;
    await simulation.run(() => simulation.clock.sleep(1));
    expect(givenUp.toSorted()).toEqual(["10.0.0.1", "fd00::1"]);
    expect(timersOf(simulation.clock).activeCount).toBe(0);
    await expect(connect({ signal: controller.signal })).rejects.toBe(reason);
  });
});
