import { defaultConsole, genericStack, httpServer, unikernel } from "fata-morgana/config";

const stack = genericStack();

export default unikernel(
  "hono",
  () => import("./unikernel.ts"),
  [defaultConsole, stack, httpServer(stack)],
  {
    description: "Hono, a framework for web services, as it is: routes, middleware, HTML, streams",
    args: { port: { type: "int", default: 80, min: 1, max: 65_535, doc: "TCP port to serve on" } },
  },
);
