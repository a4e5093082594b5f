/** The RFCs whose requirements are written down. */

import { rfc9293With } from "./catalogue.ts";
import type { Document } from "./requirement.ts";
import { rfc1034 } from "./rfc1034.ts";
import { rfc1035 } from "./rfc1035.ts";
import { rfc1122 } from "./rfc1122.ts";
import { rfc1191 } from "./rfc1191.ts";
import { rfc1812 } from "./rfc1812.ts";
import { rfc2018 } from "./rfc2018.ts";
import { rfc2131 } from "./rfc2131.ts";
import { rfc2131Server } from "./rfc2131-server.ts";
import { rfc2308 } from "./rfc2308.ts";
import { rfc4330 } from "./rfc4330.ts";
import { rfc4443 } from "./rfc4443.ts";
import { rfc4787 } from "./rfc4787.ts";
import { rfc4592 } from "./rfc4592.ts";
import { rfc4861 } from "./rfc4861.ts";
import { rfc4862 } from "./rfc4862.ts";
import { rfc5227 } from "./rfc5227.ts";
import { rfc5382 } from "./rfc5382.ts";
import { rfc5508 } from "./rfc5508.ts";
import { rfc5681 } from "./rfc5681.ts";
import { rfc5905 } from "./rfc5905.ts";
import { rfc5961 } from "./rfc5961.ts";
import { rfc6298 } from "./rfc6298.ts";
import { rfc6455 } from "./rfc6455.ts";
import { rfc6528 } from "./rfc6528.ts";
import { rfc6762, rfc6763 } from "./rfc6762.ts";
import { rfc6891 } from "./rfc6891.ts";
import { rfc7323 } from "./rfc7323.ts";
import { rfc7692 } from "./rfc7692.ts";
import { rfc768 } from "./rfc768.ts";
import { rfc791 } from "./rfc791.ts";
import { rfc792 } from "./rfc792.ts";
import { rfc8200 } from "./rfc8200.ts";
import { rfc8201 } from "./rfc8201.ts";
import { rfc826 } from "./rfc826.ts";
import { rfc8305 } from "./rfc8305.ts";
import { rfc8985 } from "./rfc8985.ts";
import { rfc9110Client } from "./rfc9110-client.ts";
import { rfc9110Files } from "./rfc9110-files.ts";
import { rfc9110Proxy } from "./rfc9110-proxy.ts";
import { rfc9110 } from "./rfc9110.ts";
import { rfc9112Client } from "./rfc9112-client.ts";
import { rfc9112 } from "./rfc9112.ts";
import { rfc9293 } from "./rfc9293.ts";

export const documents: readonly Document[] = [
  { number: 768, title: "User Datagram Protocol", requirements: rfc768 },
  { number: 791, title: "Internet Protocol", requirements: rfc791 },
  { number: 792, title: "Internet Control Message Protocol", requirements: rfc792 },
  { number: 826, title: "Address Resolution Protocol", requirements: rfc826 },
  {
    number: 1034,
    title: "Domain concepts: a server, and one that asks others",
    requirements: rfc1034,
  },
  { number: 1035, title: "Domain names: a stub resolver and a server", requirements: rfc1035 },
  {
    number: 1122,
    title: "Requirements for Internet hosts: links, IP, ICMP, UDP",
    requirements: rfc1122,
  },
  { number: 1191, title: "Path MTU discovery", requirements: rfc1191 },
  { number: 1812, title: "Requirements for IPv4 routers", requirements: rfc1812 },
  { number: 2018, title: "TCP Selective Acknowledgment Options", requirements: rfc2018 },
  {
    number: 2131,
    title: "Dynamic Host Configuration Protocol: a client and a server",
    requirements: { ...rfc2131, ...rfc2131Server },
  },
  { number: 2308, title: "Negative answers of the Domain Name System", requirements: rfc2308 },
  { number: 4330, title: "Simple Network Time Protocol, version 4", requirements: rfc4330 },
  { number: 4443, title: "ICMP for IPv6", requirements: rfc4443 },
  { number: 4787, title: "Translation of addresses: UDP", requirements: rfc4787 },
  { number: 4592, title: "Wildcards of the Domain Name System", requirements: rfc4592 },
  { number: 4861, title: "Neighbor discovery for IPv6: a host", requirements: rfc4861 },
  { number: 4862, title: "IPv6 stateless address autoconfiguration", requirements: rfc4862 },
  { number: 5227, title: "IPv4 address conflict detection", requirements: rfc5227 },
  { number: 5382, title: "Translation of addresses: TCP", requirements: rfc5382 },
  { number: 5508, title: "Translation of addresses: ICMP", requirements: rfc5508 },
  { number: 5681, title: "TCP Congestion Control", requirements: rfc5681 },
  { number: 5905, title: "Network Time Protocol, version 4", requirements: rfc5905 },
  { number: 5961, title: "TCP's Robustness to Blind In-Window Attacks", requirements: rfc5961 },
  { number: 6298, title: "TCP's Retransmission Timer", requirements: rfc6298 },
  { number: 6455, title: "The WebSocket Protocol", requirements: rfc6455 },
  { number: 6528, title: "Initial Sequence Numbers", requirements: rfc6528 },
  { number: 6762, title: "Multicast DNS", requirements: rfc6762 },
  { number: 6763, title: "DNS-Based Service Discovery, by multicast", requirements: rfc6763 },
  { number: 6891, title: "Extension mechanisms for the Domain Name System", requirements: rfc6891 },
  { number: 7323, title: "TCP Extensions for High Performance", requirements: rfc7323 },
  { number: 7692, title: "Compression Extensions for WebSocket", requirements: rfc7692 },
  { number: 8200, title: "Internet Protocol, version 6", requirements: rfc8200 },
  { number: 8201, title: "Path MTU discovery for IPv6", requirements: rfc8201 },
  { number: 8305, title: "Happy Eyeballs, version 2", requirements: rfc8305 },
  { number: 8985, title: "RACK-TLP Loss Detection", requirements: rfc8985 },
  {
    number: 9110,
    title: "HTTP semantics",
    requirements: { ...rfc9110, ...rfc9110Client, ...rfc9110Files, ...rfc9110Proxy },
  },
  { number: 9112, title: "HTTP/1.1", requirements: { ...rfc9112, ...rfc9112Client } },
  { number: 9293, title: "Transmission Control Protocol", requirements: rfc9293With(rfc9293) },
];
