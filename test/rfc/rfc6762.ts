/** RFC 6762, Multicast DNS; and what RFC 6763 requires of services. */

import { notApplicable, open, test, type Requirements } from "./requirement.ts";

const mdns = "src/net/mdns/mdns.test.ts";
const responder = "src/net/mdns/responder.test.ts";
const codec = "src/net/mdns/packet.test.ts";
const cache = "src/net/mdns/record-cache.test.ts";
const dns = "src/net/dns/domain.test.ts";

export const rfc6762: Requirements = {
  "3-1": [
    "names below local are asked of the group",
    test(mdns, "is found by others, until its host is gone"),
  ],
  "5.2-1": [
    "the same is asked at least a second later, then after twice as long each time",
    test(mdns, "is asked for at ever longer intervals, without what is known"),
  ],
  "5.2-2": [
    "records are asked for again at 80, 85, 90 and 95 % of their lives",
    test(cache, "refreshMs() is at 80, 85, 90 and 95 % of a life"),
    "SHOULD",
  ],
  "5.4-1": [
    "who wants the answer alone gets it so, if all have heard it lately",
    test(responder, "go to who wants them alone, if all have heard them lately"),
    "SHOULD",
  ],
  "6-1": [
    "answers that others may have wait 20 to 120 ms",
    test(responder, "that others may have, too, wait a moment"),
    "SHOULD",
  ],
  "6-2": [
    "a record is not sent to all twice within a second",
    test(responder, "go to all, and not again within a second"),
    "MUST NOT",
  ],
  "6-3": [
    "who is about to claim a name is answered all the same, 250 ms later",
    test(responder, "to who is about to claim a name come at once"),
  ],
  "6-4": [
    "responses that do not come from port 5353 are ignored",
    test("test/attacks/mdns.test.ts", "a response from another port is not believed"),
  ],
  "6.1-1": [
    "that a name of ours has no such records is said",
    test(responder, "say which types a name has, if it has not what is asked for"),
    "SHOULD",
  ],
  "6.7-1": [
    "plain resolvers get their id and question back, and lives of 10 s at most",
    test(responder, "to plain resolvers have their id and question, and short times to live"),
  ],
  "7.1-1": [
    "what is known, with half of its life left, is not given",
    test(responder, "that are known are not given"),
    "MUST NOT",
  ],
  "7.2-1": [
    "more known answers than fit follow in messages, of which all but the last say so",
    test(codec, "decode() gives what encodeQuery() wrote, and all but the last message"),
  ],
  "7.2-2": [
    "who hears that more follow waits 400 to 500 ms for them",
    test(responder, "wait longer where more known answers follow, and heed those"),
    "SHOULD",
  ],
  "7.3-1": ["what another has just asked is not asked", open("it is asked all the same"), "SHOULD"],
  "7.4-1": [
    "what another has just said is not said",
    test(responder, "are not given where somebody else gives them first"),
    "SHOULD",
  ],
  "8.1-1": [
    "a name is asked for three times, 250 ms apart, before it is used",
    test(mdns, "is asked for three times, then announced twice"),
  ],
  "8.1-2": [
    "after 15 conflicts within 10 s, tries wait 5 s",
    test("src/net/mdns/claim.test.ts", "start() waits"),
  ],
  "8.2-1": [
    "of two who ask at the same time, the greater wins",
    test(mdns, "that two want at the same time goes to one of them"),
  ],
  "8.3-1": [
    "what is held is announced at least twice, a second apart",
    test(mdns, "is asked for three times, then announced twice"),
  ],
  "8.4-1": ["changes are announced", test(mdns, "moves with its addresses")],
  "9-1": [
    "a conflict makes a name be asked for again, and changed",
    test(mdns, "that somebody claims later is asked for again, and given up"),
  ],
  "10.1-1": [
    "what goes is said goodbye to, with a life of 0",
    test(mdns, "dispose() says goodbye, ends what waits, and frees the port"),
    "SHOULD",
  ],
  "10.1-2": [
    "a record that was said goodbye to lives for a second more",
    test(cache, "keeps what was said goodbye for for a second more"),
    "SHOULD",
  ],
  "10.2-1": [
    "records that one host alone has replace those heard before",
    test(cache, "lets what was heard before go where somebody has them all"),
  ],
  "10.2-2": [
    "the bit is not set in known answers and probes, nor to plain resolvers",
    test(mdns, "is asked for three times, then announced twice"),
    "MUST NOT",
  ],
  "11-1": [
    "all is sent with a time to live of 255",
    test(mdns, "is asked for three times, then announced twice"),
    "SHOULD",
  ],
  "14-1": ["several links", notApplicable("a stack has one")],
  "16-1": [
    "names are UTF-8, in any characters",
    test("src/net/mdns/service.test.ts", "names have any characters, and their titles"),
  ],
  "16-2": [
    "names compare without regard to case of ASCII letters",
    test(dns, "readName() gives what writeName() wrote"),
  ],
  "17-1": [
    "messages fit a packet of the link",
    test(codec, "decode() gives what encodeResponse() wrote, in as many messages"),
    "SHOULD",
  ],
  "18-1": [
    "messages of other opcodes and codes are ignored",
    test(codec, "decode() never throws, and knows no other opcodes and codes"),
  ],
};

export const rfc6763: Requirements = {
  "4.1-1": [
    "services of a type are listed, and found",
    test(mdns, "is found with all that is said of it, changes and goes"),
  ],
  "6-1": [
    "each service has a TXT record, even if it says nothing",
    test("src/net/mdns/service.test.ts", "decodeTexts() gives what encodeTexts() wrote"),
  ],
  "6.4-1": [
    "of a key that comes twice the first counts, and what has no key is ignored",
    test("src/net/mdns/service.test.ts", "decodeTexts() takes the first of a key"),
  ],
  "7.1-1": [
    "services are found by finer types, too",
    test(mdns, "is found by type and by finer types"),
  ],
  "9-1": ["types of services are listed", test(mdns, "is found by type and by finer types")],
  "12.1-1": [
    "who asks for services is told where they are, too",
    test(responder, "that others may have, too, wait a moment, and have what is asked next"),
    "SHOULD",
  ],
};
