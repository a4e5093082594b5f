import { defaultConsole, genericStack, httpServer, unikernel } from "fata-morgana/config";

const stack = genericStack();

export default unikernel(
  "http-fields",
  () => import("./unikernel.ts"),
  [defaultConsole, stack, httpServer(stack)],
  { description: "Asks itself over HTTP, with fields that a page's own requests cannot have" },
);
