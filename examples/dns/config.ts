import {
  defaultClock,
  defaultConsole,
  defaultRandom,
  genericStack,
  unikernel,
} from "fata-morgana/config";

export default unikernel(
  "dns",
  () => import("./unikernel.ts"),
  [defaultConsole, genericStack(), defaultClock, defaultRandom],
  {
    description: "A name server of its own zone; with --ask, it looks up what is typed",
    args: {
      port: { type: "int", default: 53, min: 1, max: 65_535, doc: "Port of both protocols" },
      forward: { type: "string", optional: true, doc: "Server to ask for all other names" },
      ask: {
        type: "boolean",
        default: false,
        doc: "Look up names of the servers of --dns instead",
      },
    },
  },
);
