/** RFC 768, User Datagram Protocol. */

import { met, type Requirements } from "./requirement.ts";

export const rfc768: Requirements = {
  "fields-1": ["the source port is where answers go", met],
  "fields-2": ["the length counts header and data, and is 8 at least", met],
  "fields-3": ["the checksum covers a pseudo-header, the header and the data", met],
  "fields-4": ["a checksum of zero is sent as all ones", met],
  "fields-5": ["all zeros mean that there is no checksum", met],
  "interface-1": ["a user can make ports, and receive with source port and address", met],
  "interface-2": ["a user can send from and to the ports and addresses that it names", met],
  "ip-1": ["UDP knows the addresses and the protocol from IP", met],
};
