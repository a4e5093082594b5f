/** RFC 9110, HTTP semantics: what it requires of who serves stored files, by section. */

import { notApplicable, test, type Requirements } from "./requirement.ts";

const conditions = test("src/net/http/conditions.test.ts", "unmetCondition() of %j is %s");
const ifRange = test("src/net/http/conditions.test.ts", "allowsRange() with If-Range %s is %s");
const ranges = test("src/net/http/ranges.test.ts", "rangesIn(%j, %d) finds %j");
const codings = test("src/net/http/codings.test.ts", "acceptedCodings() of %j is %j");
const files = (title: string) => test("src/net/http/static-files.test.ts", title);
const dates = (title: string) => test("src/net/http/dates.test.ts", title);

/** Their numbers follow those of a server, whose handler has no say in them. */
export const rfc9110Files: Requirements = {
  "5.6.7-f1": ["dates are read in all three forms", dates("parseDate() reads %s")],
  "5.6.7-f2": ["dates are sent in the first", dates("formatDate() writes the form")],
  "5.6.7-f3": [
    "two digits of a year are of one at most 50 years ahead",
    dates("parseDate() takes two digits of a year"),
  ],
  "8.8.2.1-f1": [
    "Last-Modified is later than Date",
    files("gives no date that is still to come"),
    "MUST NOT",
  ],
  "8.8.3.2-f1": ["entity tags are compared in full, and weakly where that is said", conditions],
  "8.8.3.3-f1": [
    "each coding has an entity tag of its own",
    files("sends a precompressed variant"),
  ],
  "9.3.2-f1": ["HEAD is answered with the fields of GET", files("answers HEAD with"), "SHOULD"],
  "12.5.3-f1": ["a coding of weight 0 is sent", codings, "MUST NOT"],
  "12.5.5-f1": [
    "what depends on Accept-Encoding has Vary",
    files("sends a precompressed variant"),
    "SHOULD",
  ],
  "13.1.1-f1": ["If-Match compares strongly", conditions],
  "13.1.1-f2": ["what If-Match does not want is done", conditions, "MUST NOT"],
  "13.1.2-f1": ["If-None-Match compares weakly", conditions],
  "13.1.2-f2": [
    "what the client has is answered 304",
    files("says 304 or 412 for what the client has"),
  ],
  "13.1.3-f1": ["If-Modified-Since beside If-None-Match is ignored", conditions],
  "13.1.3-f2": ["If-Modified-Since that is no date is ignored", conditions],
  "13.1.4-f1": ["If-Unmodified-Since beside If-Match is ignored", conditions],
  "13.1.4-f2": ["If-Unmodified-Since that is no date is ignored", conditions],
  "13.1.5-f1": ["a weak tag of If-Range lets a range be sent", ifRange, "MUST NOT"],
  "13.1.5-f2": ["a date of If-Range is the very date, and a strong one", ifRange],
  "13.1.5-f3": [
    "where If-Range does not hold, all is sent",
    files("sends a part, if that is what the client"),
  ],
  "13.2.1-f1": [
    "conditions of what is not there are ignored",
    files("says 304 or 412 for what the client has"),
  ],
  "13.2.2-f1": ["conditions are evaluated in the order that is given", conditions],
  "14.2-f1": ["Range of other methods than GET is ignored", files("answers HEAD with")],
  "14.2-f2": ["a unit that is not known is ignored", ranges],
  "14.2-f3": ["many ranges, or overlapping ones, are ignored", ranges, "MAY"],
  "14.2-f4": [
    "ranges that cannot be satisfied are answered 416",
    files("sends a part, if that is what the client"),
    "SHOULD",
  ],
  "15.3.7-f1": [
    "206 has the ETag and Vary of 200",
    files("sends a part, if that is what the client"),
  ],
  "15.3.7.1-f1": ["one part has Content-Range", files("sends a part, if that is what the client")],
  "15.3.7.2-f1": [
    "several parts have it each, and not the response",
    files("sends several parts"),
    "MUST NOT",
  ],
  "15.3.7.2-f2": [
    "a single range is answered in several parts",
    files("sends a part, if that is what the client"),
    "MUST NOT",
  ],
  "15.4.5-f1": [
    "304 has the ETag, Cache-Control and Vary of 200",
    files("says 304 or 412 for what the client has"),
  ],
  "15.5.6-f1": ["405 has Allow", files("refuses other methods")],
  "9.3.4-f1": ["PUT and DELETE of files", notApplicable("files are read only")],
};
