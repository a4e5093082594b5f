import {
  compiledFiles,
  defaultClock,
  defaultConsole,
  genericStack,
  httpClient,
  httpServer,
  unikernel,
} from "fata-morgana/config";

const stack = genericStack();
const pages = compiledFiles("pages", () => import("./pages?files"));

export default unikernel(
  "http-fetch",
  () => import("./unikernel.ts"),
  [defaultConsole, httpClient(stack), httpServer(stack), pages, stack, defaultClock],
  {
    description:
      "Fetches a URL and prints what comes; without one, it serves files to those who do",
    args: {
      url: { type: "string", optional: true, doc: "What to fetch, such as http://10.0.0.1/" },
      port: { type: "int", default: 80, min: 1, max: 65_535, doc: "Port to serve files on" },
    },
  },
);
