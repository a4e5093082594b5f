import { defaultClock, defaultConsole, genericStack, unikernel } from "fata-morgana/config";

export default unikernel(
  "ping",
  () => import("./unikernel.ts"),
  [defaultConsole, genericStack(), defaultClock],
  {
    description: "Sends echo requests to a host, over IPv4 or IPv6, and answers those of others",
    args: {
      to: { type: "string", optional: true, doc: "Address or name to ping; without it, answer" },
      count: { type: "int", default: 4, min: 0, doc: "Requests to send; 0 is no end" },
      size: { type: "int", default: 56, min: 0, max: 65_500, doc: "Bytes in each request" },
    },
  },
);
