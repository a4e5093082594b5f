/** The RFCs whose requirements are written down. */

import { rfc9293With } from "./catalogue.ts";
import type { Document } from "./requirement.ts";
import { rfc1122 } from "./rfc1122.ts";
import { rfc2018 } from "./rfc2018.ts";
import { rfc5681 } from "./rfc5681.ts";
import { rfc5961 } from "./rfc5961.ts";
import { rfc6298 } from "./rfc6298.ts";
import { rfc6528 } from "./rfc6528.ts";
import { rfc7323 } from "./rfc7323.ts";
import { rfc8985 } from "./rfc8985.ts";
import { rfc9293 } from "./rfc9293.ts";

export const documents: readonly Document[] = [
  {
    number: 1122,
    title: "Requirements for Internet hosts: links, IP, ICMP, UDP",
    requirements: rfc1122,
  },
  { number: 2018, title: "TCP Selective Acknowledgment Options", requirements: rfc2018 },
  { number: 5681, title: "TCP Congestion Control", requirements: rfc5681 },
  { number: 5961, title: "TCP's Robustness to Blind In-Window Attacks", requirements: rfc5961 },
  { number: 6298, title: "TCP's Retransmission Timer", requirements: rfc6298 },
  { number: 6528, title: "Initial Sequence Numbers", requirements: rfc6528 },
  { number: 7323, title: "TCP Extensions for High Performance", requirements: rfc7323 },
  { number: 8985, title: "RACK-TLP Loss Detection", requirements: rfc8985 },
  { number: 9293, title: "Transmission Control Protocol", requirements: rfc9293With(rfc9293) },
];
