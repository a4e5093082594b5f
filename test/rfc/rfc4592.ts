/** RFC 4592, The Role of Wildcards. */

import { met, notApplicable, type Requirements } from "./requirement.ts";

export const rfc4592: Requirements = {
  "2.1.1-1": ["the label of one asterisk is a wildcard, however it is written", met],
  "2.1.3-1": ["an asterisk that is not the first label is like any other", met],
  "2.2.1-1": ["names that are not there are answered by the nearest wildcard", met],
  "2.2.1-2": ["names that are there, with records or without, are not", met],
  "2.2.1-3": ["names below others that are there are not", met],
  "2.2.2-1": ["names above others are there, even without records", met],
  "3.3.1-1": ["the asterisk below the closest encloser is the only source", met],
  "4.2-1": ["NS records of a wildcard", notApplicable("what they mean is not defined")],
  "4.3-1": ["an alias of a wildcard is followed", met],
  "4.4-1": ["what a wildcard has no records of is answered without", met],
  "4.8-1": ["an asterisk without records of its own answers that there are none", met],
};
