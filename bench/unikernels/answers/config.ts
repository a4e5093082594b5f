import { defaultConsole, genericStack, httpServer, unikernel } from "fata-morgana/config";

const stack = genericStack();

export default unikernel(
  "answers",
  () => import("./unikernel.ts"),
  [defaultConsole, stack, httpServer(stack)],
  {
    description: "Answers every request with 100 bytes",
    args: { port: { type: "int", default: 80, doc: "TCP port to serve on" } },
  },
);
