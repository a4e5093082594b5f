// A program: a cable with faults between two networks, seeded, in real time: the kernel here has no
// netem. In virtual time there is `Wire` of `src/simulated`.
//
//   node faulty-bridge.mjs <net> <net> [--loss=0.01] [--duplication=0.01] [--reordering=0.05]
//     [--hold-back-ms=5] [--delay-ms=20] [--jitter-ms=5] [--bits-per-second=1e6] [--seed=1]
//
// The conditions are those of `src/net/ethernet/conditioned-link.ts`, each way on its own. The same
// seed and the same frames give the same faults; when frames arrive is the machine's.

import { parseArgs } from "node:util";
import { ConditionedLink, noConditions } from "fata-morgana/net/ethernet/conditioned-link";
import { connect as connectClock } from "fata-morgana/platform-node/clock";
import { connect as connectNetwork } from "fata-morgana/platform-node/network-socket";
import { parseSocketLink } from "fata-morgana/platform-node/network-socket-link";
import { SimulatedRandom } from "fata-morgana/simulated";

const kebabCase = (/** @type {string} */ name) =>
  name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const names = Object.keys(noConditions);
const text = { type: /** @type {const} */ ("string") };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: Object.fromEntries([...names, "seed"].map((name) => [kebabCase(name), text])),
});
const given = names.filter((name) => kebabCase(name) in values);
const conditions = Object.fromEntries(given.map((name) => [name, Number(values[kebabCase(name)])]));

const clock = connectClock();
const [one, other] = await Promise.all(
  positionals.map(async (net, index) => {
    const random = new SimulatedRandom(Number(values["seed"] ?? 1), `way ${index}`);
    const network = await connectNetwork({ link: parseSocketLink(net) });
    return new ConditionedLink(network, conditions, { clock, random });
  }),
);
if (one === undefined || other === undefined) throw new Error("A bridge is between two networks");
forward(one, other);
forward(other, one);
console.log("ready");
process.on("SIGTERM", () => {
  console.log(JSON.stringify([one.counters, other.counters]));
  void Promise.all([one, other].map((link) => link[Symbol.asyncDispose]())).then(() =>
    process.exit(),
  );
});

/**
 * @param {ConditionedLink} from
 * @param {ConditionedLink} to
 */
function forward(from, to) {
  from.listen({
    borrows: true,
    frame(frame) {
      to.write(frame.length, (into) => {
        into.set(frame);
        return frame.length;
      });
    },
  });
}
