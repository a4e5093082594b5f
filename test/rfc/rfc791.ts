/** RFC 791, Internet Protocol: what it asks of a host beside what RFC 1122 says again. */

import { met, notApplicable, open, type Requirements } from "./requirement.ts";

export const rfc791: Requirements = {
  "3.1-1": ["a header of less than 20 bytes, or longer than its packet, is none", met],
  "3.1-2": ["what follows the total length is padding", met],
  "3.1-3": ["datagrams of 576 bytes are accepted, whole or in fragments", met],
  "3.1-4": ["identification tells fragments of different packets apart", met],
  "3.1-5": ["an internet header may not be fragmented where DF says so", met],
  "3.1-6": ["offsets count in 8 bytes, and the last fragment says so", met],
  "3.1-7": ["the checksum covers the header", met],
  "3.1-8": ["options are passed over up to their end", met],
  "3.1-9": ["all options must be implemented by every host", met],
  "3.2-1": ["fragments belong together by source, destination, protocol and identification", met],
  "3.2-2": ["identification differs for as long as a packet may be under way", met],
  "3.2-3": [
    "a fragment that overlaps replaces what came before",
    open("the packet is dropped, as RFC 1858 and RFC 8200 say: two readers could see two packets"),
  ],
  "3.2-4": ["options whose copied flag is set are in every fragment", met],
  "3.2-5": ["68 bytes pass a gateway without further fragmentation", notApplicable("for gateways")],
  "3.3-1": ["send and receive calls have all that a user may choose", met],
};
