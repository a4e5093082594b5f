import {
  defaultClock,
  defaultConsole,
  defaultRandom,
  genericStack,
  unikernel,
} from "fata-morgana/config";

export default unikernel(
  "ntp",
  () => import("./unikernel.ts"),
  [defaultConsole, genericStack(), defaultClock, defaultRandom],
  {
    description: "Tells others the time; with --ask, it asks such a server what time it is",
    args: {
      ask: { type: "string", optional: true, doc: "Server to ask, by address" },
      samples: { type: "int", default: 4, min: 1, max: 16, doc: "How often to ask it" },
    },
  },
);
