import {
  defaultClock,
  defaultConsole,
  defaultRandom,
  genericStack,
  httpClient,
  httpServer,
  unikernel,
} from "fata-morgana/config";

const stack = genericStack();

export default unikernel(
  "reverse-proxy",
  () => import("./unikernel.ts"),
  [defaultConsole, stack, httpServer(stack), httpClient(stack), defaultClock, defaultRandom],
  {
    description:
      "Carries HTTP requests on to several servers, and goes on with the others when one is gone",
    args: {
      servers: {
        type: "string",
        optional: true,
        doc: "Servers to carry requests on to, such as 10.0.0.2,10.0.0.3:8080",
      },
      policy: {
        type: "choice",
        choices: ["round-robin", "least-used", "client-hash"],
        default: "round-robin",
        doc: "Which server is next",
      },
      name: { type: "string", default: "Anna", doc: "Name of a server, without --servers" },
      ask: { type: "string", optional: true, doc: "Asks for this URL again and again instead" },
      everyMs: { type: "int", default: 500, min: 20, max: 60_000, doc: "How often to ask" },
      port: { type: "int", default: 80, min: 1, max: 65_535, doc: "TCP port to serve on" },
    },
  },
);
