/** RFC 2131, Dynamic Host Configuration Protocol: what it requires of a client. */

import { met, notApplicable, open, test, type Requirements } from "./requirement.ts";

const client = "src/net/dhcp/client.test.ts";

export const rfc2131: Requirements = {
  "2-1": ["a client takes options of 312 bytes at least", met],
  "3-1": ["every message says of which kind it is, and begins with the magic number", met],
  "3.1-1": ["a request has the seconds of the discovery, and goes to the same address", met],
  "3.1-2": ["an address that is in use is declined, and another asked for", met],
  "3.1-3": ["after declining, the client waits 10 s", met, "SHOULD"],
  "3.1-4": ["after a refusal it begins anew", met],
  "3.1-5": [
    "without an answer it asks again, then begins anew",
    test(client, "a server that offers and then says nothing is asked anew"),
  ],
  "3.1-6": ["an address is given back by a release that names its server", met],
  "3.2-1": [
    "an address that one had is asked for with its option, not with `ciaddr`",
    test(client, "is asked for first"),
  ],
  "4.1-1": ["without an address, messages go from 0.0.0.0 to 255.255.255.255, 68 to 67", met],
  "4.1-2": ["retransmission backs off, at random", test(client, "a silent network is asked less")],
  "4.1-3": ["transactions have different numbers", met],
  "4.1-4": [
    "options that go on in the fields for names are read",
    test(
      "src/net/dhcp/packet.test.ts",
      "decode() reads options that go on in the fields for names",
    ),
  ],
  "4.1-5": ["an identifier of the client is the same in all messages", met],
  "4.1-6": ["a client that cannot take unicast yet sets the broadcast flag", met],
  "4.3.2-1": ["selecting: server and address by option, no `ciaddr`", met],
  "4.3.2-2": ["rebooting: address by option, no server, no `ciaddr`", met],
  "4.3.2-3": ["renewing: `ciaddr`, no server, no address by option, to the server alone", met],
  "4.3.2-4": ["rebinding: the same, broadcast", met],
  "4.3.6-1": ["the list of parameters is the same in discovery and request", met],
  "4.4-1": ["decline and release: no seconds, no flags, no list of parameters", met],
  "4.4.1-1": [
    "the first message waits 1 to 10 s",
    open("a page should not make its user wait"),
    "SHOULD",
  ],
  "4.4.1-2": [
    "a message of another transaction is discarded in silence",
    test(client, "another transaction"),
  ],
  "4.4.1-3": ["the address is checked by ARP before it is used", met, "SHOULD"],
  "4.4.3-1": ["inform: for an address from elsewhere", notApplicable("not offered")],
  "4.4.5-1": ["renewing begins at T1, half the lease; rebinding at T2, seven eighths", met],
  "4.4.5-2": ["messages are repeated at half the time that is left, not within a minute", met],
  "4.4.5-3": ["when the lease ends, the address is not used any more, at once", met],
  "4.4.5-4": [
    "T1 and T2 are chosen with some chance",
    open("clients start at different times"),
    "SHOULD",
  ],
  "4.4.6-1": ["release goes to the server alone", met],
};
