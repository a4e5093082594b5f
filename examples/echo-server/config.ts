import { defaultClock, defaultConsole, genericStack, unikernel } from "fata-morgana/config";

export default unikernel(
  "echo-server",
  () => import("./unikernel.ts"),
  [defaultConsole, genericStack(), defaultClock],
  {
    description: "Sends back what it gets over TCP and UDP; with --connect, it asks such a server",
    args: {
      port: { type: "int", default: 7, min: 1, max: 65_535, doc: "Port of both protocols" },
      connect: { type: "string", optional: true, doc: "Server to ask, by address or name" },
    },
  },
);
