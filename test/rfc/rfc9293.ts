/** RFC 9293, Transmission Control Protocol: each MUST and MUST NOT of its appendix B. */

import { notApplicable, open, scripts, test, type Requirements } from "./requirement.ts";

const own = "test/rfc/rfc9293.test.ts";
const codec = "src/net/tcp/packet.test.ts";
const isn = "src/net/tcp/initial-sequence-number.test.ts";
const noUrgency = "urgent data stays in line, as RFC 6093 advises, and the user is not told of it";
const noRoutes = "no source routes are sent or taken, as RFC 7126 advises";

export const rfc9293: Requirements = {
  "MUST-1": ["windows are unsigned", scripts("window-unsigned")],
  "MUST-2": ["every segment has its checksum", scripts("handshake-active", "data-segments")],
  "MUST-3": ["checksums are checked", test(own, "MUST-3 ")],
  "MUST-4": [
    "EOL, NOP and MSS are known",
    test(codec, "decode() passes over unknown options, wrong lengths, and all after the end"),
  ],
  "MUST-5": ["options in any segment", scripts("options-timestamps")],
  "MUST-6": [
    "unknown options are ignored",
    test(codec, "decode() passes over unknown options, wrong lengths, and all after the end"),
  ],
  "MUST-7": [
    "illegal lengths of options do no harm",
    test(codec, "decode() ends the options at an illegal length and keeps the segment"),
  ],
  "MUST-8": [
    "a clock drives initial sequence numbers",
    test(isn, "next() counts 250,000 a second for one connection, around the end too"),
  ],
  "MUST-9": [
    "nobody outside can compute them",
    test(isn, "next() differs with each address and port, and with the secret"),
  ],
  "MUST-10": ["simultaneous open", scripts("handshake-simultaneous")],
  "MUST-11": [
    "SYN-RECEIVED knows whether it came from LISTEN",
    scripts("handshake-rst-in-syn-received", "handshake-simultaneous-rst"),
  ],
  "MUST-12": ["the user hears of an aborted connection", scripts("rst-exact")],
  "MUST-13": ["TIME-WAIT lasts 2 MSL", scripts("time-wait-length")],
  "MUST-14": ["MSS is sent and heeded", scripts("handshake-passive", "data-segments")],
  "MUST-15": [
    "without MSS, 536 bytes are sent over IPv4 and 1220 over IPv6",
    scripts("options-none", "options-none-ipv6"),
  ],
  "MUST-16": [
    "the size of segments follows from both ends and the path",
    scripts("data-segments", "path-mtu"),
  ],
  "MUST-17": ["Nagle's algorithm can be switched off", scripts("nagle-off")],
  "MUST-18": ["Karn's algorithm", scripts("karn")],
  "MUST-19": [
    "back-off, slow start and congestion avoidance",
    scripts("rto", "slow-start", "fast-retransmit"),
  ],
  "MUST-20": [
    "IP is told after R1 retransmissions, and the connection is closed after R2",
    open("R2 holds (user-timeout.pkt); IP is told nothing, ARP and NDP find out by themselves"),
  ],
  "MUST-21": ["the user sets R2", scripts("user-timeout")],
  "MUST-22": ["the same for SYN", scripts("handshake-timeout")],
  "MUST-23": ["R2 of a SYN is 3 minutes at least", scripts("handshake-timeout")],
  "MUST-24": ["the user can switch keep-alive on", scripts("keep-alive")],
  "MUST-25": ["it is off by default", scripts("keep-alive-off")],
  "MUST-26": ["probes are sent only while nothing is under way", scripts("keep-alive")],
  "MUST-27": ["its interval can be set", scripts("keep-alive")],
  "MUST-28": [
    "its default is 2 hours at least",
    notApplicable("there is no default: who wants probes says when"),
  ],
  "MUST-29": ["one probe without answer ends nothing", scripts("keep-alive-unanswered")],
  "MUST-30": ["urgent data is supported", open(noUrgency)],
  "MUST-31": ["of any length", scripts("urgent-in-line")],
  "MUST-32": ["the user is told of it at once", open(noUrgency)],
  "MUST-33": ["and can learn how much there is", open(noUrgency)],
  "MUST-34": ["a window that shrinks does no harm", scripts("window-shrunk")],
  "MUST-35": ["a closed window is probed", scripts("zero-window-probe")],
  "MUST-36": ["in the usual way", scripts("zero-window-probe")],
  "MUST-37": ["a window may stay closed", scripts("zero-window-probe")],
  "MUST-38": ["the sender avoids silly windows", scripts("silly-window-sender")],
  "MUST-39": ["so does the receiver", scripts("silly-window-receiver")],
  "MUST-40": ["ACKs wait less than half a second", scripts("data-delayed-ack")],
  "MUST-41": ["a passive open leaves other connections alone", test(own, "MUST-41 ")],
  "MUST-42": ["one may listen on a port that has connections", test(own, "MUST-42 ")],
  "MUST-43": ["an open can name the local address", test(own, "MUST-43 ")],
  "MUST-44": ["else IP is asked for it", test(own, "MUST-44 ")],
  "MUST-45": ["all segments come from it", test(own, "MUST-45 ")],
  "MUST-46": ["no open to a group or a broadcast", test(own, "MUST-46 ")],
  "MUST-47": [
    "soft errors are reported to the user",
    open("they are told as the reason, if the connection fails; not before"),
  ],
  "MUST-48": ["the user chooses the services field", scripts("ip-fields")],
  "MUST-49": ["the time to live can be set", scripts("ip-fields")],
  "MUST-50": [
    "unknown IP options are ignored",
    test(
      "src/net/ipv4/input.test.ts",
      "receive() leaves out padding and options, and hands on what the frame left undone",
    ),
  ],
  "MUST-51": ["the user can give a source route", open(noRoutes)],
  "MUST-52": ["which overrides one that was received", notApplicable(noRoutes)],
  "MUST-53": ["a route back is made of one received", notApplicable(noRoutes)],
  "MUST-54": ["reports of ICMP are acted on", scripts("icmp-unreachable-connecting", "path-mtu")],
  "MUST-55": ["source quench is ignored", scripts("icmp-soft")],
  "MUST-56": [
    "reports of what may pass do not abort (two in a row end an attempt to connect: RFC 5461)",
    scripts("icmp-soft", "icmp-unreachable-established"),
  ],
  "MUST-57": ["segments to many are dropped", test(own, "MUST-57 ")],
  "MUST-58": ["ACKs are gathered", scripts("data-every-second-acked", "data-delayed-ack")],
  "MUST-59": [
    "all that is queued is processed before an ACK is sent",
    scripts("data-every-second-acked"),
  ],
  "MUST-60": ["data without PSH is not kept back for ever", scripts("data-segments")],
  "MUST-61": ["the last segment is pushed", scripts("data-segments")],
  "MUST-62": ["what the urgent pointer points to", open(noUrgency)],
  "MUST-63": ["a SYN from an address that cannot be is dropped", test(own, "MUST-63 ")],
  "MUST-64": [
    "options need no alignment",
    test(codec, "decode() passes over unknown options, wrong lengths, and all after the end"),
  ],
  "MUST-65": ["MSS is in SYNs alone", scripts("handshake-active", "options-none")],
  "MUST-66": ["RST and ACK count though the window is closed", scripts("zero-window-rst")],
  "MUST-67": ["MSS follows from what IP can take", scripts("handshake-active")],
  "MUST-68": [
    "options have their length",
    test(codec, "encode() lays the options of a SYN out in 20 bytes"),
  ],
  "MUST-69": [
    "padding is zero",
    notApplicable("options are laid out in whole words, by NOP, and need no padding"),
  ],
};
