import {
  compiledFiles,
  defaultConsole,
  genericStack,
  httpServer,
  unikernel,
} from "fata-morgana/config";

const stack = genericStack();
const site = compiledFiles("site", () => import("./site?files"));

export default unikernel(
  "static-website",
  () => import("./unikernel.ts"),
  [defaultConsole, stack, httpServer(stack), site],
  {
    description: "A personal homepage: its files are compiled in, and served over HTTP",
    args: { port: { type: "int", default: 80, min: 1, max: 65_535, doc: "TCP port to serve on" } },
  },
);
