/** RFC 2131, Dynamic Host Configuration Protocol: what it requires of a server. */

import { met, open, test, type Requirements } from "./requirement.ts";

const server = "src/net/dhcp/server.test.ts";
const fit = "src/net/dhcp/fit.test.ts";

const out = test(server, "goes to the client's MAC address, to all");
const statement = test(server, "a release ends the lease of its client alone");

export const rfc2131Server: Requirements = {
  "server-2.1-1": [
    "leases are in lasting storage, and there again after a restart",
    test(server, "has each lease before it is granted, and gives them back"),
  ],
  "server-3.1-1": [
    "an address is probed before it is offered",
    test(server, "an address that answers is not offered"),
    "SHOULD",
  ],
  "server-3.1-2": [
    "a lease is committed before the client is told of it",
    test(server, "has each lease before it is granted, and gives them back"),
  ],
  "server-3.1-3": [
    "a request that names another server is no request to us; what we offered is free",
    test(server, "that names another server frees the address that was offered"),
  ],
  "server-4.1-1": ["through a relay agent, an answer goes to its address and port 67", out],
  "server-4.1-2": ["to a client with an address, to that", met],
  "server-4.1-3": ["without one, to 255.255.255.255 if its broadcast flag is set", out],
  "server-4.1-4": ["else to its MAC address and the address that it is given", out],
  "server-4.1-5": ["without a relay agent, refusals go to 255.255.255.255", met],
  "server-4.1-6": [
    "options go on in the fields for names only if they have no room",
    test(fit, "encodeWithin() fills the options first"),
  ],
  "server-4.2-1": [
    "a client is known by its identifier, else by its hardware's address",
    test(server, "is what is reserved, what one had, or what one asks for"),
  ],
  "server-4.3.1-1": [
    "a client gets what it has, what it had, what it asks for, or a new one",
    test(server, "is what is reserved, what one had, or what one asks for"),
    "SHOULD",
  ],
  "server-4.3.1-2": ["the time is the client's wish, as far as allowed", met],
  "server-4.3.1-3": ["offers and grants have their kind, the server and the time", met],
  "server-4.3.1-4": ["fields are those of table 3", met],
  "server-4.3.1-5": ["what only a client sends is in no answer", met],
  "server-4.3.1-6": [
    "parameters come if they are configured, in the order of the list",
    test(server, "come in the order in which the client asks"),
  ],
  "server-4.3.1-7": ["a mask is before routers", met],
  "server-4.3.2-1": [
    "selecting: granted or refused",
    test(server, "of another's address is refused"),
    "SHOULD",
  ],
  "server-4.3.2-2": [
    "rebooting: refused on a wrong network",
    test(server, "of a wrong network is refused"),
    "SHOULD",
  ],
  "server-4.3.2-3": [
    "rebooting: refused for another address than the client's",
    test(server, "of a client that reboots is granted for its own address alone"),
    "SHOULD",
  ],
  "server-4.3.2-4": [
    "rebooting: silence about who is not known",
    test(server, "of a stranger that reboots is not answered"),
  ],
  "server-4.3.2-5": [
    "a refusal through a relay agent has the broadcast flag",
    test(server, "by a relay agent is refused through it, with the broadcast flag"),
  ],
  "server-4.3.2-6": [
    "renewing and rebinding: the lease is longer",
    test(server, "to renew makes the lease longer, and to rebind, too"),
  ],
  "server-4.3.3-1": [
    "what is declined is not given",
    test(server, "a declined address is given to nobody for a while"),
  ],
  "server-4.3.3-2": ["a person is told", open("it is counted, and shown by nobody"), "SHOULD"],
  "server-4.3.4-1": ["what is released is free", statement],
  "server-4.3.4-2": ["and is remembered to be its client's", statement, "SHOULD"],
  "server-4.3.5-1": [
    "inform: to the client's address, with no time and no address",
    test(server, "an inform is told of the network, and gets no lease"),
  ],
  "server-4.3.5-2": ["authentication", open("RFC 3118 is not offered"), "MAY"],
};
