import { defaultClock, defaultConsole, genericStack, unikernel } from "fata-morgana/config";

export default unikernel(
  "lossy-link",
  () => import("./unikernel.ts"),
  [defaultConsole, genericStack(), defaultClock],
  {
    description:
      "Sends over a link with loss, delay and reordering, and shows what TCP makes of it",
    args: {
      connect: { type: "string", optional: true, doc: "Receiver to send to, by address or name" },
      port: { type: "int", default: 5001, min: 1, max: 65_535, doc: "Port of the receiver" },
    },
  },
);
