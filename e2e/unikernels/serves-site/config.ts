import {
  defaultClock,
  defaultConsole,
  genericStack,
  httpServer,
  unikernel,
} from "fata-morgana/config";

const stack = genericStack();

export default unikernel(
  "serves-site",
  () => import("./unikernel.ts"),
  [defaultConsole, httpServer(stack, { limits: { bodyBytes: 2 ** 26 } }), defaultClock],
  {
    description: "Serves what a browser may ask a site for",
    args: {
      name: { type: "string", default: "first", doc: "What it calls itself" },
      delay: { type: "int", default: 0, doc: "Milliseconds before it begins to listen" },
    },
  },
);
