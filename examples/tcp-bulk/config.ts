import { defaultClock, defaultConsole, genericStack, unikernel } from "fata-morgana/config";

export default unikernel(
  "tcp-bulk",
  () => import("./unikernel.ts"),
  [defaultConsole, genericStack(), defaultClock],
  {
    description: "Sends as much as TCP carries, or takes it in, and shows how fast that goes",
    args: {
      connect: { type: "string", optional: true, doc: "Receiver to send to, by address or name" },
      port: { type: "int", default: 5001, min: 1, max: 65_535, doc: "Port of the receiver" },
      megabytes: { type: "int", default: 0, min: 0, doc: "Stop after so many; 0 goes on" },
    },
  },
);
