import {
  defaultClock,
  defaultConsole,
  defaultRandom,
  genericStack,
  httpServer,
  unikernel,
} from "fata-morgana/config";

const stack = genericStack();

export default unikernel(
  "websocket-chat",
  () => import("./unikernel.ts"),
  [defaultConsole, stack, httpServer(stack), defaultClock, defaultRandom],
  {
    description: "A chat over WebSocket; with --connect, it is one of those who talk",
    args: {
      port: { type: "int", default: 80, min: 1, max: 65_535, doc: "Port of the server" },
      connect: { type: "string", optional: true, doc: "Server to talk at, by address or name" },
      name: { type: "string", default: "guest", doc: "What the others call you" },
    },
  },
);
