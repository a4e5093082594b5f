// A program: the least that answers pings, which is ARP and ICMP echo over any `--net`. It proves
// that frames come and go, without a stack that could be wrong, too.
//
//   node echo-responder.mjs <net> <IPv4 address>

import { parseSocketLink } from "fata-morgana/platform-node/network-socket-link";
import { connect } from "fata-morgana/platform-node/network-socket";

const [net = "", text = ""] = process.argv.slice(2);
const address = Uint8Array.from(text.split("."), Number);
const network = await connect({ link: parseSocketLink(net) });

/** @type {Uint8Array} */
let answer = new Uint8Array();
const fill = (/** @type {Uint8Array} */ into) => {
  into.set(answer);
  return answer.length;
};
network.listen({
  borrows: true,
  frame(frame) {
    if (!isArpRequest(frame) && !isEchoRequest(frame)) return;
    answer = frame;
    if (isArpRequest(frame)) turnArp(frame);
    else turnEcho(frame);
    network.write(answer.length, fill);
  },
});
console.log("ready");
setInterval(() => {}, 1e9);
process.on("SIGTERM", () => {
  console.log(JSON.stringify(network.counters));
  void network[Symbol.asyncDispose]().then(() => process.exit());
});

/**
 * For IPv4 over Ethernet, operation 1, for our address: RFC 826.
 *
 * @param {Uint8Array} frame
 */
function isArpRequest(frame) {
  return word(frame, 12) === 0x0806 && word(frame, 20) === 1 && isOurs(frame, 38);
}

/**
 * Protocol 1 without options, type 8: RFC 791 and 792.
 *
 * @param {Uint8Array} frame
 */
function isEchoRequest(frame) {
  const isIcmp = word(frame, 12) === 0x0800 && frame[14] === 0x45 && frame[23] === 1;
  return isIcmp && frame[34] === 8 && isOurs(frame, 30);
}

/** @param {Uint8Array} frame */
function turnArp(frame) {
  frame[21] = 2;
  frame.copyWithin(32, 22, 32);
  frame.set(network.mac, 22);
  frame.set(address, 28);
  turnEthernet(frame);
}

/** @param {Uint8Array} frame */
function turnEcho(frame) {
  frame.copyWithin(30, 26, 30);
  frame.set(address, 26);
  frame[34] = 0;
  // The type's byte has lost 8 (RFC 1624): the checksum gains as much, with the carry.
  const sum = word(frame, 36) + 0x0800;
  frame[36] = (sum + (sum >> 16)) >> 8;
  frame[37] = sum + (sum >> 16);
  turnEthernet(frame);
}

/** @param {Uint8Array} frame */
function turnEthernet(frame) {
  frame.copyWithin(0, 6, 12);
  frame.set(network.mac, 6);
}

/**
 * @param {Uint8Array} frame
 * @param {number} offset
 */
function word(frame, offset) {
  return ((frame[offset] ?? 0) << 8) | (frame[offset + 1] ?? 0);
}

/**
 * @param {Uint8Array} frame
 * @param {number} offset
 */
function isOurs(frame, offset) {
  return address.every((byte, index) => frame[offset + index] === byte);
}
