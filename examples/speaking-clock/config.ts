import { defaultClock, defaultConsole, genericStack, unikernel } from "fata-morgana/config";

export default unikernel(
  "speaking-clock",
  () => import("./unikernel.ts"),
  [defaultConsole, genericStack(), defaultClock],
  {
    description: "Tells whoever calls it what the time will be; with --connect, it calls",
    args: {
      port: { type: "int", default: 13, min: 1, max: 65_535, doc: "TCP port to be called on" },
      every: { type: "int", default: 10, min: 1, max: 3_600, doc: "Seconds between two times" },
      connect: { type: "string", optional: true, doc: "Clock to call, by address or name" },
    },
  },
);
